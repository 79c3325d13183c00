# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The machine sleeps (s2idle) until its clock wakes it: the masters work before and
# after, and none gets past its table meanwhile.

rtc=/sys/class/rtc/rtc0

# On a slow machine the alarm can come before it sleeps. By the count of wakeups the kernel knows,
# and does not go to sleep.
slept() {
	read -r wakeups </sys/power/wakeup_count
	echo 0 >$rtc/wakealarm
	echo +$seconds >$rtc/wakealarm
	echo "$wakeups" >/sys/power/wakeup_count || return 1
	echo freeze >/sys/power/state
}

oracle_ignore '^nr_iommu_pages'
behind mmc net0 net1
mark 0 2
disk_round mmc 1
for round in 1 2; do
	seconds=4
	until slept; do
		check "it sleeps before the alarm" test $seconds -lt 1000
		seconds=$((seconds * 2))
	done
	disk_round mmc 1
done
equal "times it slept" "$(cat /sys/power/suspend_stats/success)" 2
net_up
net_send at_home at_peer $here 1
net_down
sealed_off
