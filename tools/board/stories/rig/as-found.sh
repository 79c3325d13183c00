# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Runs after a story that left the machine changed: the machine is again as the boot has set it up,
# and works. as-found:NAME; NAME only distinguishes the stories of a boot.

refute "a module is loaded that was not" loaded board_broken
check "the driver is loaded" loaded "$driver_module"
check "its instance is bound" bound "$(first_instance)"
equal "devices are probed" "$(cat /sys/bus/platform/drivers_autoprobe)" 1
check "overlays are removed" gone 30e0000
check "masters are gone" gone 2001000
check "so is the other" gone 1c0e000
equal "processes" "$(pidof sleep)" ""
refute "a file system is mounted" grep -q /tmp/mounted /proc/mounts
equal "interrupts are held" "$(cat "$B/hold_irq")" 0
refuses - free 0
check "an instance and its master come" overlay_apply instance-master
wait_for "a master" 5 usable_at 2001000
works "$(master 2001000)"
check "they are removed" overlay_remove all
