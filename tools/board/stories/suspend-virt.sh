# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The machine sleeps (s2idle) until its clock wakes it: the masters work before and
# after, and none gets past its table meanwhile.

rtc=/sys/class/rtc/rtc0

oracle_ignore '^nr_iommu_pages'
behind mmc net0 net1
mark 0 2
disk_round mmc 1
for round in 1 2; do
	echo 0 >$rtc/wakealarm
	# Also on a busy machine not before it sleeps.
	echo +4 >$rtc/wakealarm
	check "it slept" eval 'echo freeze >/sys/power/state'
	disk_round mmc 1
done
equal "times it slept" "$(cat /sys/power/suspend_stats/success)" 2
equal "times it would not" "$(cat /sys/power/suspend_stats/fail)" 0
net_up
net_send at_home at_peer $here 1
net_down
sealed_off
