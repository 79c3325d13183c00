# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The clock and the reset of an instance are never registered: it waits, and leaves
# nothing behind when it is removed. Meanwhile another instance works.

check "overlay" overlay_apply absent
I=$(instance 30d0000)
check "another comes" overlay_apply instance-master
wait_for "its master" 5 usable_at 2001000
refute "the first waits" bound "$I"
check "it is known to wait" grep -q "$I" $DEBUGFS/devices_deferred
refute "its master is not translated" usable_at 2003000
begin "$(master 2001000)"
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does "$M" read 0 0x1000 64
denied no- "$M" read 0 0x2000 64
does "$M" detach 0
does - free 0
drop_buffers
check "overlay" overlay_remove all
