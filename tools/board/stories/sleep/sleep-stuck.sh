# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The TLB does not answer when a system sleep ends in which the hardware has lost its
# registers. Streams that are translated are denied until it does. Streams in identity
# have nothing cached, and pass. sleep-stuck:KIND[:kept]: kept: the hardware has kept its
# registers, thus the stream was translated until the driver denied it.

can_sleep "${1%:kept}"
M=$(first_master)
translated "$M"
check "another master" overlay_apply codec
wait_for "the other master" 5 usable_at 1c0e000
other=$(master 1c0e000)
does "$other" alloc 0
does "$other" gattach 0
buffers 2
does - map 0 0x1000 0 0 0x1000 rw
physical=$(client - bphys 1 0)
does "$other" read 0 0x1000 64
does "$M" read 0 "$physical" 64
mark 0
hw_stick 0
case $1 in
*:kept) sleep_once ;;
*) lose_once ;;
esac
does "$M" read 0 "$physical" 64
denied '' "$other" read 0 0x1000 64
hw_unstick 0
does "$M" read 0 "$physical" 64
does - map 0 0x3000 0 0 0x1000 rw
does "$other" read 0 0x1000 64
does "$M" read 0 "$physical" 64
does "$other" gdetach 0
does - free 0
drop_buffers
check "it is removed" overlay_remove all
