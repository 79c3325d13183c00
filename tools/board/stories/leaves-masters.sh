# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Fails in the middle, with masters of the arm64 board in use: busy (dmatest runs, a disk is
# mounted, the cards have their addresses, a page of the disk's is lost), or gone (no drivers, a
# device unplugged, the group in identity). The stories behind it need all of that.

oracle_off "it changes what is counted, on purpose"
behind dma0 dma1 mmc net0 net1
case $1 in
busy)
	check "dmatest loads" load dmatest test_buf_size=16384 channel="$(virt_channel dma0)" run=1
	wait_for "the disk" 10 test -b /dev/mmcblk0
	mkdir -p $at
	check "a file system" mke2fs -F /dev/mmcblk0
	check "it is mounted" mount -t ext2 /dev/mmcblk0 $at
	net_up
	does - take 0 "$(virt_node dma1)" 0x1000 0x11
	for page in $(mapped mmc coherent); do
		client - lose "$(virt_node mmc)" "$page" >/dev/null
	done
	;;
gone)
	group=$(readlink -f "$(virt_bus dma0)/iommu_group")
	rmmod macb pl330 sdhci_of_arasan
	does - unplug "$(virt_node net1)"
	check "the domain is changed" eval "echo identity >$group/type"
	;;
*) fail "no such end: $1" ;;
esac
fail "on purpose"
