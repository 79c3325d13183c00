# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master is behind two DARTs, and the one named second is removed.
. /stories/lib/findings.sh
finding 33
oracle_off "the master comes by overlay, and stays"
check "a DART and its master come" adopt instance-named both
wait_for "the master" 5 usable_at 2001000
both=$(master 2001000)
does "$both" alloc 3
buffers 1
does - map 3 0x100000 0 0 0x1000 r
does "$both" gattach 3
check "the DART goes" overlay_remove "$adopter"
client - unmap 3 0x100000 0x1000 >/dev/null
client "$both" gdetach 3 >/dev/null
touched=$(log_count 'lib/logic_iomem.c:[0-9]+ at __raw_(read|write)l')
show "registers of the DART that is gone are touched" "$(more "$touched")" yes no
[ "$touched" = 0 ] || expect_splat 'lib/logic_iomem.c:[0-9]+ at __raw_(read|write)l'
[ "$driver" = c ] || does - free 3
drop_buffers
shown
