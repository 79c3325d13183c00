# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two CPUs attach and detach the same domain, each for another group; whoever is
# attached reads through it. concurrent-attach:SECONDS

seconds=${1:-3}
two_cpus
A=$(master 2000000)
X=$(master 2002000)
translated "$A"
translated "$X"
refute "they are in one group" test "$(client "$A" group)" = "$(client "$X" group)"
does "$A" alloc 0
buffers 1
does - map 0 0x1000 0 0 0x1000 r
mark 0
does "$A" attaches 0 "$X" 0x1000 $((seconds * 1000))
note "$client_said"
set -- $(echo "$client_said" | awk '{ print $2, $3, $5, $6, $8, $9, $11 }')
check "both worked: $1 $2" test "$1" -gt 20 -a "$2" -gt 20
equal "attaches that failed" "$3 $4" "0 0"
equal "reads that failed" "$5 $6" "0 0"
check "they met: $7" test "$7" -gt 20
record concurrent_attach_met "$7"
for dev in "$A" "$X"; do
	says identity "$dev" domain
done
refute "anything is translated" hw_translates 0
does - unmap 0 0x1000 0x1000
sealed 0
does - free 0
drop_buffers
