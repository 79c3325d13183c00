# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Runs the kernel's own dma_map_benchmark on the device of a master, which is unbound from
# its driver meanwhile: dma-map-benchmark:mmc, dma-map-benchmark:nvme. Its pages are mapped
# in the IOMMU. At the end no mapping remains, and no table or only few. The times of map and
# unmap are recorded, but not checked.

name=$1
dev=$(virt_node "$name")
bus=$(virt_bus "$name")
group=$(readlink -f "$bus/iommu_group")
own=$(readlink -f "$bus/driver")
benchmark=$(readlink -f "$bus/subsystem")/drivers/dma_map_benchmark
ours=$(echo $DEBUGFS/rust_iommu/*mmu)
book=$DEBUGFS/dma-api
job=

hand_over() {
	check "its driver lets go of $name" eval "echo $dev >$own/unbind"
	echo dma_map_benchmark >"$bus/driver_override"
}

take_back() {
	[ ! -e "$benchmark/$dev" ] || echo "$dev" >"$benchmark/unbind"
	echo >"$bus/driver_override"
	[ -e "$bus/driver" ] || echo "$dev" >"$own/bind"
}

# True if the device is alone in its group. All masters of a sun50i share one, and the others
# keep their drivers.
alone_in_group() { [ "$(ls "$group/devices")" = "$dev" ]; }
domain_is() { check "the domain is changed to $1" eval "echo $1 >$group/type"; }

# Prints the number of table pages of all domains.
pages_of_tables() {
	read -r _ </proc/sys/vm/stat_refresh || :
	awk '$1 == "nr_iommu_pages" { print $2 }' /proc/vmstat
}
tables_gone() { [ "$(pages_of_tables)" = "$pages" ]; }

# Prints its mappings as recorded by dma-debug: PA, IOVA
in_book() { awk -v dev="$dev" '$2 == dev { print substr($6, 3), "0x" substr($7, 3) }' $book/dump; }

# Prints its domain from the Rust driver's debugfs: number of tables, and mappings
domain() {
	[ -r "$ours/domains" ] || return 0
	awk -v dev="$dev:" '
		$1 == dev && match($0, /domain [0-9]+/) { own = substr($0, RSTART, RLENGTH) ":" }
		/^domain/ { here = index($0, own) == 1 }
		here' "$ours/masters" "$ours/domains"
}
in_tables() { domain | sed 1d; }
nr_tables() { domain | awk '{ print $3; exit }'; }

# Prints the number of flush and invalidation commands of any kind.
commands() {
	awk '$1 ~ /^(flushes|(tlb_)?invalidations(_all|_range)?|tlb_flushes_[a-z]+)$/ { n += $2 } END { print n }' $B/iommu0/counters
}

latency() { sed -n "s/^average $1 latency(us):\([0-9]*[.][0-9]\) .*/\1/p" /tmp/said; }
measured() { dma_map_benchmark -s 1 "$@" >/tmp/said; }

# measure MODE ARGUMENT...: runs the benchmark for a second, plus the time to finish started work.
# Each unmap takes at least one invalidation command.
measure() {
	local mode=$1 before what
	shift
	before=$(commands)
	check "$mode: the benchmark ends well" measured "$@"
	check "$mode: what is unmapped is dropped" test $(($(commands) - before)) -ge 1
	for what in map unmap; do
		check "$mode: time of $what" test -n "$(latency $what)"
		record "${name}_${what}_us_$mode" "$(latency $what)"
	done
}

# True if a page is mapped at an IOVA other than its physical address, and the driver's tables have
# that mapping.
in_use() {
	in_book | {
		read -r pa iova && [ $((pa)) != $((iova)) ] || exit 1
		[ "$driver" != rust ] || in_tables | grep -q "$(printf '^ *0x%08x-.* -> 0x%08x ' "$iova" "$pa")"
	}
}

oracle_ignore '^nr_iommu_pages'
behind "$name"
check "the kernel keeps a book of mappings" test -r $book/dump
mark 0 2
errors=$(cat $book/error_count)
hand_over
if alone_in_group; then
	domain_is identity
	pages=$(pages_of_tables)
	domain_is DMA
fi
check "the benchmark's driver takes it" eval "echo $dev >$benchmark/bind"
behind "$name"
equal "what is mapped before" "$(in_book)" ""
mapped=$(in_tables)
nr=$(nr_tables)

measure to_device -t 1 -d 1
measure pages16_two_threads -g 16 -t 2 -n 0 -d 2
measure list16 -m 1 -g 16
measure pages1024 -g 1024 -d 2

# Each mapping exists for ten milliseconds. The benchmark is killed when one is seen.
dma_map_benchmark -s 300 -x 10000000 >/dev/null &
job=$!
wait_for "a page that is mapped where it is not" 5 in_use
kill $job
wait $job
job=

equal "what is left in the kernel's book" "$(in_book)" ""
equal "what is left in the tables" "$(in_tables)" "$mapped"
equal "errors in the use of the DMA API" "$(cat $book/error_count)" "$errors"
check "the benchmark's driver lets go of it" eval "echo $dev >$benchmark/unbind"
if alone_in_group; then
	domain_is identity
	! $hw_frees_tables || wait_for "the tables to go" 5 tables_gone
	domain_is DMA
elif [ -n "$nr" ]; then
	# Some empty tables may stay.
	check "few tables stay" test $(($(nr_tables) - nr)) -le 64
fi
take_back
behind "$name"
disk_round "$name" 1
sealed_off
