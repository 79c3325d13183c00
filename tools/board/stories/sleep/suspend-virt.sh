# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The machine sleeps (s2idle) until its clock wakes it. The masters work before and
# after, and no access bypasses the tables meanwhile.

rtc=/sys/class/rtc/rtc0

# On a slow machine the alarm can ring before it sleeps. The kernel notices that by the count of
# wakeups, and does not sleep.
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
