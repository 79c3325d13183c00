# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The devicetree node of an instance is removed while a master copies through it. The
# devices that depend on it are unbound first. None of their accesses is untranslated
# while they are attached. The domain outlives the instance.
# gone:replayed: both devices exist before the driver, so that the core probes the
# master during the probe of the instance.

[ "$1" != replayed ] || check "the driver goes" unload_driver
check "an instance and its master come" adopt "$hw_named" orphan
[ "$1" != replayed ] || check "the driver comes" load_driver
wait_for "the master" 5 usable_at 2001000
M=$(master 2001000)
begin "$M"
buffers 16
does - map 0 0x100000 0 0 0x10000 r
does - map 0 0x200000 1 0 0x10000 w
mark 1
does "$M" load start 0 0x100000 1 0x200000 0x10000
wait_for "it copies" 5 copies "$M" 0
check "the instance goes" overlay_remove "$adopter"
check "the instance is gone" gone 30e0000
refute "the master has its driver still" bound "$M"
sealed 1

says "$(client - bphys 0 0)" - phys 0 0x100000
says 65536 - unmap 0 0x100000 0x10000
says 65536 - unmap 0 0x200000 0x10000
does - free 0
drop_buffers
check "the master goes" overlay_remove all
