# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# One domain is replaced by another while the device copies.
. /stories/lib/findings.sh
finding 27
translated "$M"
does "$M" alloc 0
does "$M" alloc 1
buffers 16
for d in 0 1; do
	does - map $d 0x100000 0 0 0x10000 r
	does - map $d 0x200000 1 0 0x10000 w
done
does "$M" gattach 0
mark 0
does "$M" load start 0 0x100000 1 0x200000 0x10000 1
# The device's access must hit between two register writes of the driver. With the C
# driver, the story repeats until it does; with the Rust driver, it must not in 200 rounds.
rounds=200
[ "$driver" != c ] || rounds=2000
round=0
while [ $round -lt $rounds ] && [ "$(report 0 stale_table)" = 0 ]; do
	does "$M" replace 1
	does "$M" replace 0
	round=$((round + 1))
done
note "switched to and fro $round times"
does "$M" load stop
show "accesses through entries of a table that is not in force" "$(more "$(report 0 stale_table)")" yes no
does "$M" gdetach 0
does - free 0
does - free 1
drop_buffers
shown
