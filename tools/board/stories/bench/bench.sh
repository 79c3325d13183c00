# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The benchmark: the C and the Rust driver in one boot, one instance each.
# bench:plain binds the first instance to the C driver, bench:swapped the second;
# bench:threads measures the cases with two CPUs; bench:counts only counts, in an
# image where cleans of the caches can be counted. bench:short is bench:plain with few rounds.

. /stories/lib/bench.sh

case $1 in
swapped) c=30e0000 rust=30f0000 c_iommus=1 rust_iommus=0 ;;
*) c=30f0000 rust=30e0000 c_iommus=0 rust_iommus=1 ;;
esac
claim sun50i-iommu $c
claim rust_sun50i_iommu $rust
check "the C driver loads" load c_sun50i
check "the Rust driver loads" load rust_sun50i_iommu
check "the benchmark loads" load board_bench
check "both drivers serve" bench setup
note "$(cat $N/result)"

if [ "$1" = threads ]; then
	equal "CPUs" "$(grep -c ^processor /proc/cpuinfo)" 2
	for size in 4096 65536 1048576; do
		for workers in 1 2; do
			check "threads $size $workers" bench threads $size $workers 200 $((rounds / 4))
		done
	done
	cat $N/samples >/results/bench.txt
	return 0
fi

shadow() { awk -v n="$1" '$1 == n { print $2 }' "$B/shadow/stats"; }

# Counts the effect of one call on the hardware, with entries of another master cached.
count_call() {
	_n=$(iommus "$1")
	[ "$2" = fault ] || [ "$2" = replace ] || bench once warm "$1" 0
	_cleans=$(shadow "cleans_$_n") _bytes=$(shadow "clean_bytes_$_n")
	count_effect "$@" flushes tlb_invalidations ptw_invalidations dropped_not_0 || return 1
	_cleans=$(($(shadow "cleans_$_n") - _cleans)) _bytes=$(($(shadow "clean_bytes_$_n") - _bytes))
	echo "count $2 $3 $1 $counts $_cleans $_bytes" >>/results/bench.txt
}

count_all() {
	for who in c rust; do
		for size in 4096 65536 1048576 4194304 67108864; do
			check "count map" count_call $who map $size
			if [ $size = 67108864 ]; then
				bench tables $who
				echo "tables $size $who $(cat $N/result)" >>/results/bench.txt
			fi
			check "count unmap" count_call $who unmap $size
		done
		for size in 65536 1048576 4194304; do
			check "count sg map" count_call $who sg $size
			check "count sg unmap" count_call $who unmap $size
		done
		check "count fault" count_call $who fault 0
	done
}

if [ "$1" = counts ]; then
	: >/results/bench.txt
	count_all
	return 0
fi

for kind in table whole; do
	runs $kind $kind 4096
done
scattered_runs
check "faults" bench fault "$rounds"
cat $N/samples >/results/bench.txt

count_all

check "attach" bench attach "$rounds"
check "paging to paging" bench replace "$rounds"
for who in c rust; do
	check "count replace" count_call $who replace 0
done
grep -E "^(samples|failed) (attach|replace) " $N/samples >>/results/bench.txt
