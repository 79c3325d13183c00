# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master copies, untranslated and then translated, while its group is attached to a
# domain that maps its pages at their physical addresses. The other master of the group,
# which is attached second, shares the stream. The copies must continue without an error,
# although the TLB is slow.

two_cpus
A=$(master 2000000)
O=$(master 2001000)
translated "$A"
translated "$O"
says "$(client "$A" group)" "$O" group
buffers 1
from=$(client - bphys 0 0)
to=$(client - bphys 1 0)
does "$A" alloc 0
does - map 0 "$from" 0 0 0x1000 r
does - map 0 "$to" 1 0 0x1000 w
knob 0 busy_reads 300
for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
	does "$A" load start 0 "$from" 1 "$to" 0x1000
	wait_for "it copies" 5 copies "$A" 10
	does "$A" gattach 0
	does "$A" load stat
	wait_for "it copies on" 5 copies "$A" $(($(said passes) + 10))
	does "$A" load stop
	equal "accesses that were denied" "$(said errors)" 0
	equal "copies that went wrong" "$(said mismatches)" 0
	denied no- "$A" read 0 $((from + 0x10000000)) 64
	does "$A" gdetach 0
done
knob 0 busy_reads 0
does - free 0
drop_buffers
