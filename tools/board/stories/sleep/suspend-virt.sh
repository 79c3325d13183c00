# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The machine sleeps (s2idle) until its clock wakes it. The masters, which have worked in
# earlier stories, work afterwards, and no access bypasses the tables meanwhile.

oracle_ignore '^nr_iommu_pages'
behind mmc net0 net1
mark 0 2
for round in 1 2; do
	sleep_until_alarm
	disk_round mmc 1
done
equal "times it slept" "$(cat /sys/power/suspend_stats/success)" 2
net_up
net_send at_home at_peer $here 1
net_down
sealed_off
