# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# An SMMU with a node of its own that has no registers uses those of the memory controller that it
# names. It waits until that is bound, and is unbound before it, while its master copies. No access is
# untranslated. When the memory controller is bound again, the SMMU can be, too.

I=soc:smmu-borrowed
mc=1030e0000.memory-controller
with_driver() { [ -e "/sys/bus/platform/devices/$I/driver" ]; }

check "overlay" overlay_apply borrowed
wait_for "the memory controller has its driver" 5 test -e "/sys/bus/platform/drivers/board-mc/$mc"
wait_for "so has the SMMU" 5 with_driver
wait_for "the master" 5 usable_at 2001000
begin "$(master 2001000)"
buffers 16
does - map 0 0x100000 0 0 0x10000 r
does - map 0 0x200000 1 0 0x10000 w
mark 1
does "$M" load start 0 0x100000 1 0x200000 0x10000
wait_for "it copies" 5 copies "$M" 0
check "the memory controller goes" mc_unbind
refute "the SMMU has no driver" with_driver
refute "the master has no driver" bound "$M"
refute "nor a group" has_group "$M"
sealed 1
does - free 0
drop_buffers

refute "the SMMU waits" sh -c "echo $I >/sys/bus/platform/drivers/rust-tegra-smmu/bind"
check "the memory controller is bound" mc_bind
echo "$I" >/sys/bus/platform/drivers_probe
check "the SMMU has its driver" with_driver
wait_for "the master has a group" 5 has_group "$M"
echo "$M" >/sys/bus/platform/drivers_probe
wait_for "the master" 5 usable "$M"
works "$M"
check "overlay" overlay_remove all
