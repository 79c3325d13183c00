# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The memory controller, of which the SMMU is a part, is unbound while a master copies. The
# child is removed before that, and its master unbound first. No access is untranslated, and
# the domain outlives the instance. When the memory controller is bound again, the master can
# be bound again.

hw_part
check "overlay" overlay_apply codec
wait_for "the master" 5 usable_at 1c0e000
begin "$(master 1c0e000)"
buffers 16
does - map 0 0x100000 0 0 0x10000 r
does - map 0 0x200000 1 0 0x10000 w
mark 0
does "$M" load start 0 0x100000 1 0x200000 0x10000
wait_for "it copies" 5 copies "$M" 0
check "the memory controller goes" mc_unbind
refute "the child is gone" has_part
refute "the master has no driver" bound "$M"
refute "nor a group" has_group "$M"
sealed 0
says "$(client - bphys 0 0)" - phys 0 0x100000
says 65536 - unmap 0 0x100000 0x10000
says 65536 - unmap 0 0x200000 0x10000
does - free 0
drop_buffers

check "the memory controller is bound" mc_bind
wait_for "there is a child" 5 part_works
# The core warns if the replay and the driver core probe a master at once.
wait_for "the master has a group" 5 has_group "$M"
echo "$M" >/sys/bus/platform/drivers_probe
wait_for "the master" 5 usable "$M"
works "$M"
check "overlay" overlay_remove all
