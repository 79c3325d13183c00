# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Ends before its end, with the machine changed: failed, removed (fails without the driver),
# skipped, died, passed. The runner undoes the changes, and the story as-found checks that.
# for-good leaves a module that cannot be removed, so the rest of the boot is not run.

oracle_off "it changes what is counted, on purpose"

# Leaves a master that copies through a domain, and hardware that is stuck.
in_use() {
	check "an instance and its master come" overlay_apply instance-master
	wait_for "a master" 5 usable_at 2001000
	begin "$(master 2001000)"
	buffers 1
	does - map 0 0x1000 0 0 0x1000 r
	does - map 0 0x2000 1 0 0x1000 w
	does "$M" load start 0 0x1000 1 0x2000 0x1000
	wait_for "it copies" 5 copies "$M" 0
	hw_stick 1
	echo 1 >"$B/hold_irq"
}

case $1 in
failed)
	check "a module" load board_broken how=mapping "of=$(first_instance)"
	in_use
	fail "on purpose"
	;;
removed)
	echo 0 >/sys/bus/platform/drivers_autoprobe
	check "the driver goes" unload_driver
	fail "on purpose"
	;;
skipped)
	check "a master" overlay_apply codec
	skip "on purpose"
	;;
died)
	in_use
	sleep 1000 &
	mkdir /tmp/mounted
	check "a mount" mount -t tmpfs none /tmp/mounted
	read -r self _ </proc/self/stat
	kill -9 "$self"
	;;
passed)
	in_use
	check "a module" load board_broken how=mapping "of=$(first_instance)"
	;;
for-good)
	check "a module that has no exit" load board
	;;
*) fail "no such end: $1" ;;
esac
