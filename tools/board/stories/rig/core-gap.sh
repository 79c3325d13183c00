# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A gap that rust/core_gaps works around shows in the kernel as released, and does not show in
# one with the series patches/core.

case $1 in
unregister)
	gap="unregistered during the probe, the master is in a group"
	closed="unregistered after the probe, the master is in no group"
	;;
link)
	gap="the deferred consumer is probing"
	closed="the deferred consumer is not probing"
	;;
replay)
	gap="registering ends with -22, the good master is in no group"
	closed="registering ends with 0, the good master is in a group"
	;;
*) fail "there is no gap $1" ;;
esac
[ "$image" != core ] || gap=$closed

check "it is made to happen" load board_gaps "gap=$1"
shows=$(cat /sys/module/board_gaps/parameters/shows)
[ "$image" = core ] || [ "$shows" != "$closed" ] ||
	fail "this kernel has closed the gap: rust/core_gaps/ says what can go"
equal "what came of it" "$shows" "$gap"
check "the module goes" unload board_gaps
