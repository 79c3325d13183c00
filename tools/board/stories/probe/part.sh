# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The SMMU is a part of the memory controller, which another driver has bound. The
# instance is a child of that device, as long as our driver is there. If our driver is
# first, there is a child once the memory controller is bound. A master waits until then.

hw_part
check "the instance is a child" part_works
check "the memory controller has its driver" test -e "/sys/bus/platform/drivers/board-mc/$mc"
check "which has claimed the window" grep -q " : $mc " /proc/iomem
check "overlay" overlay_apply codec
wait_for "the master" 5 usable_at 1c0e000
works "$(master 1c0e000)"
rmmod "$driver_module" 2>/tmp/why && fail "removed with a master"
check "the child is still there" part_works
check "overlay" overlay_remove all

check "the driver goes" unload_driver
refute "the child is gone" has_part
check "the memory controller has its driver" test -e "/sys/bus/platform/drivers/board-mc/$mc"
check "the driver comes" load_driver
wait_for "there is a child" 5 part_works

check "the driver goes" unload_driver
check "so does the memory controller's" mc_unbind
check "the driver comes" load_driver
refute "there is no child" has_part
check "overlay" overlay_apply codec
M=$(master 1c0e000)
wait_for "the master waits" 5 grep -q "$M" $DEBUGFS/devices_deferred
refute "it is in no group" has_group "$M"
check "the memory controller is bound" mc_bind
wait_for "there is a child" 5 part_works
wait_for "the master" 5 usable "$M"
works "$M"
check "overlay" overlay_remove all
