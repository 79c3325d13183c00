# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Debugfs shows the ranges of a domain: first and last address, physical address,
# permissions and size. One of the ranges ends at the last address.

begin
buffers 4
physical=$(client - bphys 0 0)
written=$(client - bphys 1 0)
does - map 0 0x100000 0 0 0x4000 r
does - map 0 0x200000 1 0 0x1000 w
does - map 0 0xfffff000 0 0 0x1000 rw
cat "$DEBUGFS/rust_iommu/$(first_instance)/domains" >/tmp/shown
while read -r line; do
	note "$line"
done </tmp/shown
# range FIRST LAST PHYSICAL PROT SIZE
range() {
	check "a range of $1" grep -qxF "$(printf '  0x%08x-0x%08x -> 0x%08x %s %s' "$1" "$2" "$3" "$4" "$5")" /tmp/shown
}
range 0x100000 0x103fff "$physical" r- "16 KiB"
range 0x200000 0x200fff "$written" -w "4 KiB"
range 0xfffff000 0xffffffff "$physical" rw "4 KiB"
equal "ranges" "$(grep -c -- '->' /tmp/shown)" 3
says 16384 - unmap 0 0x100000 0x4000
says 4096 - unmap 0 0x200000 0x1000
says 4096 - unmap 0 0xfffff000 0x1000
finish
