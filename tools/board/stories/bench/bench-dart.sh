# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The benchmark of DART: the C and the Rust driver in one boot, two instances each.
# bench-dart:plain binds the first and the third instance to the C driver,
# bench-dart:swapped the others; bench-dart:short has few rounds.  Masters are in pairs,
# one for each driver: with one stream; with four streams at one instance; with a stream
# at each of two instances.  DMA uses every stream of a master, so a flush that omits one
# is noticed.

. /stories/lib/bench.sh

case $1 in
swapped) c="30e0000 30c0000" rust="30f0000 30d0000" c_iommus="1 3" rust_iommus="0 2" ;;
*) c="30f0000 30d0000" rust="30e0000 30c0000" c_iommus="0 2" rust_iommus="1 3" ;;
esac
claim apple-dart $c
claim rust_apple_dart $rust
check "the C driver loads" load c_apple_dart
check "the Rust driver loads" load rust_apple_dart
check "the benchmark loads" load board_bench
for pair in one streams two; do
	check "masters: $pair" bench use $pair
	check "both drivers serve them" bench setup
	note "$pair: $(cat $N/result)"
done

# count_call DRIVER OP SIZE [PAIR]
count_call() {
	count_effect "$1" "$2" "$3" invalidations || return 1
	echo "count $2${4:+:$4} $3 $1 $counts" >>/results/bench.txt
}

# count_all [PAIR]
count_all() {
	for who in c rust; do
		for size in 16384 65536 1048576 4194304 67108864; do
			check "count map" count_call $who map $size "$@"
			if [ $size = 67108864 ] && [ $# = 0 ]; then
				bench tables $who
				echo "tables $size $who $(cat $N/result)" >>/results/bench.txt
			fi
			check "count unmap" count_call $who unmap $size "$@"
		done
		for op in flush detach attach replace; do
			check "count $op" count_call $who $op 0 "$@"
		done
	done
}

bench use one
for kind in table whole; do
	runs $kind $kind 16384
done
scattered_runs
for pair in streams two; do
	bench use $pair
	runs $pair whole 16384
done
for pair in one streams two; do
	bench use $pair
	check "$pair flush" bench flush "$rounds"
	check "$pair attach" bench attach "$rounds"
	check "$pair detach" bench detach "$rounds"
	check "$pair paging to paging" bench replace "$rounds"
done
cat $N/samples >/results/bench.txt

bench use one
count_all
for pair in streams two; do
	bench use $pair
	count_all $pair
done
