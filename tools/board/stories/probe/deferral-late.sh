# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The clock and the reset of an instance are registered late: instance and master
# wait until then, are bound, and work.

check "overlay" overlay_apply late
I=$(instance 30d0000)
wait_for "it is known to wait" 5 grep -q "$I" $DEBUGFS/devices_deferred
refute "the instance waits" bound "$I"
refute "so does its master" usable_at 2003000
equal "clock" "$(count iommu2_clock)" 0
check "its suppliers come" sh -c "echo 1 >$B/late_supplier"
wait_for "the master" 5 usable_at 2003000
check "the instance is bound" bound "$I"
begin "$(master 2003000)"
buffers 4
does - map 0 0x1000 0 0 0x4000 r
does - map 0 0x100000 1 0 0x4000 w
does "$M" copy 0 0x1000 0x100000 0x4000
does - cmp 0 0 0x4000 1 0
does "$M" detach 0
does - free 0
drop_buffers
check "overlay" overlay_remove all
