# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two CPUs attach and detach the same domain, each for its own group. While its group is attached,
# a device reads through the domain. Runs of a second are repeated until both have overlapped often
# enough. concurrent-attach:SECONDS, at least

seconds=${1:-3}
two_cpus
A=$(master 2000000)
X=$(master ${hw_other_group:-2002000})
translated "$A"
translated "$X"
refute "they are in one group" test "$(client "$A" group)" = "$(client "$X" group)"
does "$A" alloc 0
buffers 1
does - map 0 0x1000 0 0 0x1000 r
mark 0
enough() { [ $one -gt 20 ] && [ $two -gt 20 ] && [ $met -gt 20 ]; }
runs=0 one=0 two=0 met=0
while again_until "$seconds" enough; do
	does "$A" attaches 0 "$X" 0x1000 1000
	set -- $(echo "$client_said" | awk '{ print $2, $3, $5, $6, $8, $9, $11 }')
	one=$((one + $1)) two=$((two + $2)) met=$((met + $7))
	equal "attaches that failed" "$3 $4" "0 0"
	equal "reads that failed" "$5 $6" "0 0"
done
note "$runs runs, attaches $one and $two, met $met"
record concurrent_attach_met "$met"
for dev in "$A" "$X"; do
	says identity "$dev" domain
done
refute "anything is translated" hw_translates 0
does - unmap 0 0x1000 0x1000
sealed 0
does - free 0
drop_buffers
