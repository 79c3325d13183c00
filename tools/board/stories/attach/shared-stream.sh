# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Masters that share a stream are one group, even if one of them has a further stream of
# its own. A master that shares no stream is alone in its group.

A=$(master 2000000)
O=$(master 2001000)
X=$(master 2002000)
for dev in "$A" "$O" "$X"; do
	translated "$dev"
done
says "$(client "$A" group)" "$O" group
refute "the third is in a group of its own" test "$(client "$A" group)" = "$(client "$X" group)"
does "$A" alloc 0
does "$A" gattach 0
buffers 1
does - map 0 0x1000 0 0 0x1000 r
mark 0
for dev in "$A" "$O"; do
	does "$dev" read 0 0x1000 64
	denied no- "$dev" read 0 0x2000 64
done
says identity "$X" domain
sealed 0
does "$A" gdetach 0
does - free 0
drop_buffers
