# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Stock DMA engines behind the IOMMU copy with the kernel's dmatest, which maps its
# buffers by the DMA API and compares what has arrived.

M=/sys/module/dmatest/parameters

# There is no client.
tidy() { :; }

# the devices of groups that translate
translated() {
	for group in /sys/kernel/iommu_groups/*; do
		case $(cat "$group/type") in DMA*) ls "$group/devices" ;; esac
	done | sort | tr '\n' ' '
}

oracle_ignore nr_iommu_pages
check "the engines' driver loads" load pl330
wait_for "both engines are there" 5 test -d /sys/class/dma/dma1chan0
equal "masters that are translated" "$(translated)" \
	"102000000.dma-controller 102001000.dma-controller "
check "dmatest loads" load dmatest
for engine in dma0chan0 dma1chan0; do
	echo 20 >$M/iterations
	echo 16384 >$M/test_buf_size
	echo 3000 >$M/timeout
	echo $engine >$M/channel
	echo 1 >$M/run
	# Reading it is waiting for the end.
	cat $M/wait >/dev/null
	check "$engine copies what it should" log_has "$engine-copy0: summary 20 tests, 0 failures"
	echo 0 >$M/run
done
check "dmatest goes" unload dmatest
