# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Stock DMA engines behind the IOMMU copy for the kernel's dmatest, which maps its
# buffers by the DMA API, compares the copied data, and checks that the bytes around it
# are unchanged. All modes of the engines' driver are used.

M=/sys/module/dmatest/parameters
# Copies by each channel. The emulated copies take most of this board's time.
rounds=5

# set_all NAME=VALUE...: dmatest's parameters
set_all() {
	local word
	for word; do
		echo "${word#*=}" >"$M/${word%%=*}"
	done
}

# copies_by WHAT CHANNELS PARAMETER...: uses this many channels of both engines at once
copies_by() {
	local what=$1 channels=$2 used='' n
	shift 2
	set_all iterations=$rounds test_buf_size=16384 timeout=20000 norandom=N polled=N transfer_size=0 "$@"
	for n in $(seq 0 $((channels - 1))); do
		used="$used $(virt_channel dma0 "$n") $(virt_channel dma1 "$n")"
	done
	# shellcheck disable=SC2086 # names of channels
	dmatest_run "$what" $used
	transfers=$((transfers + 2 * rounds * channels))
}

oracle_ignore nr_iommu_pages
check "the engines' driver loads" load pl330
behind dma0 dma1
check "dmatest loads" load dmatest
mark 0 2
transfers=0
copies_by "random offsets and lengths" 1
copies_by "several channels" 4
copies_by "whole buffers" 1 norandom=Y
copies_by "larger buffers" 1 test_buf_size=262144
copies_by "short transfers" 1 transfer_size=64
copies_by "polled" 1 polled=Y
check "the IOMMU has translated it" test "$(counter 0 walks)" -gt 0
sealed_off
equal "runs that were not complete" "$(log_count 'summary ')" "$(log_count "summary $rounds tests, 0 failures")"
check "dmatest goes" unload dmatest
record dmatest_transfers $transfers
