# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Disk, network and DMA engines work at once, while one master after the other is unbound
# from its driver and bound again. No data is wrong, and no memory is lost.
# soak[:ROUNDS], by default 3

wanted=${1:-3}

# rebind NAME: unbinds and binds the master's driver five times
rebind() {
	local dev drv
	dev=$(virt_node "$1")
	drv=$(readlink -f "$(virt_bus "$1")/driver")
	for _ in 1 2 3 4 5; do
		echo "$dev" >"$drv/unbind" || fail "$1 does not lose its driver"
		echo "$dev" >"$drv/bind" || fail "$1 does not get its driver"
	done
	behind "$1"
}

network_round() {
	net_up
	net_send at_home at_peer $here 1
	net_send at_peer at_home $there 1
	net_down
}

# round VICTIM: rebinds this master while all others work
round() {
	local jobs=
	[ "$1" = mmc ] || { (disk_round mmc 1) & jobs="$jobs $!"; }
	[ "$1" = net1 ] || { (network_round) & jobs="$jobs $!"; }
	if [ "$1" = dma1 ]; then
		(dmatest_run "round $rounds" "$(virt_channel dma0)") & jobs="$jobs $!"
	else
		(dmatest_run "round $rounds" "$(virt_channel dma0)" "$(virt_channel dma1)") & jobs="$jobs $!"
	fi
	rebind "$1"
	for job in $jobs; do
		wait "$job" || fail "round $rounds: a job failed while $1 was taken away"
	done
	rounds=$((rounds + 1))
}

# Prints the memory in KiB that the stock driver of the engines has leaked: it never frees
# the memory of its channels and their descriptors when it is unbound.
slab=kmalloc-4k
pl330_kib() {
	awk -v size="$(cat /sys/kernel/slab/$slab/slab_size)" \
		'/\[pl330\]/ { n += $1 } END { print int(n * size / 1024) }' $DEBUGFS/slab/$slab/alloc_traces
}

# Checks that memory was freed, except for 2 MiB: areas of ioremap() are freed only when
# there are thousands of them.
came_back() {
	kib=$((memory - $(free_kib) - $(pl330_kib) + pl330))
	[ $kib -lt 2048 ]
}

oracle_ignore '^nr_iommu_pages|^ref_dev_|^rpm_usage_'
behind dma0 dma1 mmc net0 net1
check "the allocator knows who has what" grep -q '\[pl330\]' $DEBUGFS/slab/$slab/alloc_traces
check "dmatest loads" load dmatest iterations=20 test_buf_size=65536 timeout=20000
mark 0 2
rounds=0
# Caches grow in the first rounds.
for victim in mmc net1 dma1; do
	round $victim
done
rounds=0
memory=$(free_kib)
pl330=$(pl330_kib)
pages=$(awk '$1 == "nr_iommu_pages" { print $2 }' /proc/vmstat)
while [ $rounds -lt "$wanted" ]; do
	for victim in mmc net1 dma1; do
		round $victim
	done
	note "round $rounds"
done
check "dmatest has worked" log_has 'summary 20 tests, 0 failures'
equal "dmatest's failures" "$(log_count 'summary .* [1-9][0-9]* failures')" 0
check "dmatest goes" unload dmatest
sealed_off
wait_for "the memory to come back" 5 came_back
note "$rounds rounds; memory that was lost: $kib KiB, and by pl330 $(($(pl330_kib) - pl330)) KiB; tables: $(awk '$1 == "nr_iommu_pages" { print $2 }' /proc/vmstat) pages, $pages before"
record soak_rounds $rounds
record soak_kib_lost $kib
record soak_kib_lost_by_pl330 $(($(pl330_kib) - pl330))
