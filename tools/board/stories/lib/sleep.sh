# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Functions for stories of system sleep. The kind of sleep is devices, platform or
# s2idle.

can_sleep() {
	kind=$1
	check "there is system sleep" grep -q mem /sys/power/state
}

sleep_once() {
	case $kind in
	devices | platform)
		echo 1 >/sys/module/suspend/parameters/pm_test_delay
		echo "$kind" >/sys/power/pm_test
		;;
	s2idle) echo none >/sys/power/pm_test ;;
	*) fail "no such sleep: $kind" ;;
	esac
	[ ! -e /sys/power/mem_sleep ] || echo s2idle >/sys/power/mem_sleep
	# The runner wakes the machine when the console shows that it sleeps.
	echo 1 >/sys/power/pm_debug_messages
	dmesg -n 8
	check "sleep" sh -c 'echo mem >/sys/power/state'
	dmesg -n 7
	echo 0 >/sys/power/pm_debug_messages
	echo none >/sys/power/pm_test
	# User-mode Linux handles the signal that wakes it at once, even with interrupts
	# disabled and other locks held. So lockdep sees s2idle's locks taken under these.
	! log_has '\(s2idle_[a-z_.]*lock\).*, at: (s2idle_wake|swake_up_one)' ||
		allow_splat 'WARNING: (possible circular locking dependency|possible irq lock inversion|inconsistent lock state)'
}

# The machine sleeps (s2idle) until its clock wakes it. On a slow machine the alarm can ring before
# it sleeps. The kernel notices that by the count of wakeups, and does not sleep.
sleep_until_alarm() {
	local _seconds=4
	until slept $_seconds; do
		check "it sleeps before the alarm" test $_seconds -lt 1000
		_seconds=$((_seconds * 2))
	done
}
slept() {
	local _rtc=/sys/class/rtc/rtc0 _wakeups
	read -r _wakeups </sys/power/wakeup_count
	echo 0 >$_rtc/wakealarm
	echo +"$1" >$_rtc/wakealarm
	echo "$_wakeups" >/sys/power/wakeup_count || return 1
	echo freeze >/sys/power/state
}

# lose_once [MASK]: the hardware loses its registers during the sleep, by default only the first
# IOMMU.
lose_once() {
	echo "${1:-1}" >"$B/lose_in_sleep"
	sleep_once
	echo 0 >"$B/lose_in_sleep"
}
