# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Mapping and unmapping all over the 4 GiB: a table that has become empty is used for the next
# pages of its range, so a second round needs no further memory.

begin
buffers 16
before=$(oracle)
does - map 0 0x1000 0 0 0x1000 rw
refute "tables cannot be counted" test "$(hw_tables)" = none
for round in 1 2; do
	n=0
	while [ $n -lt 128 ]; do
		does - map 0 $((n * 0x2000000 + 0xf8000)) 0 0 0x10000 rw
		n=$((n + 1))
	done
	does "$M" read 0 0x20f8000 64
	n=0
	while [ $n -lt 128 ]; do
		says 65536 - unmap 0 $((n * 0x2000000 + 0xf8000)) 0x10000
		n=$((n + 1))
	done
	denied no- "$M" read 0 0x20f8000 64
	tables="$(hw_tables) ${tables:-}"
done
set -- $tables
note "tables after the last round and the one before: $tables"
equal "tables that the second round adds" $(($1 - $2)) 0
says 4096 - unmap 0 0x1000 0x1000
equal "counts" "$(oracle)" "$before"
finish
