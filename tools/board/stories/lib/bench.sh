# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox disable=SC2154 # what the stories set
# Common functions of the benchmarks of both kinds: the C and the Rust driver in one
# boot, each with its own instances.  A story sets c and rust to the addresses of the
# instances' nodes, c_iommus and rust_iommus to their numbers.  The results are written
# to /results/bench.txt, for scripts/bench.

oracle_off "domains of the C driver cannot be freed"
dmesg -n 1

N=/sys/kernel/debug/board_bench
P=/sys/bus/platform/devices
rounds=100
[ "${1:-}" != short ] || rounds=4

bench() {
	echo "$*" >$N/cmd
}

# runs LABEL KIND SMALLEST: measures map and unmap of runs, from the smallest size on
runs() {
	check "$1 $(($3 / 1024)) KiB" bench run "$2" "$3" 256 "$rounds"
	check "$1 64 KiB" bench run "$2" 65536 64 "$rounds"
	check "$1 1 MiB" bench run "$2" 1048576 16 "$rounds"
	check "$1 4 MiB" bench run "$2" 4194304 8 "$rounds"
	check "$1 64 MiB" bench run "$2" 67108864 1 "$rounds"
}

scattered_runs() {
	check "scattered 64 KiB" bench run sg 65536 64 "$rounds"
	check "scattered 1 MiB" bench run sg 1048576 16 "$rounds"
	check "scattered 4 MiB" bench run sg 4194304 4 "$rounds"
}

# claim DRIVER ADDRESS...: sets the driver that these instances will be bound to
claim() {
	_driver=$1
	shift
	for _at in "$@"; do
		for _d in "$P"/*"$_at".iommu; do
			echo "$_driver" >"$_d/driver_override"
		done
	done
}

iommus() { [ "$1" = c ] && echo "$c_iommus" || echo "$rust_iommus"; }

# count_effect DRIVER OP SIZE NAME...: runs OP once and sets $counts to its effect on the
# hardware: reads and writes of registers, and the counters with these names.
count_effect() {
	_who=$1 _op=$2 _size=$3
	shift 3
	for _n in $(iommus "$_who"); do
		mark "$_n" 2
	done
	bench once "$_op" "$_who" "$_size" || return 1
	counts=$(for _n in $(iommus "$_who"); do
		cat "$B/iommu$_n/counters"
	done | awk -v names="mmio_reads mmio_writes $*" '
		{ v[$1] += $2 }
		END {
			n = split(names, name)
			for (i = 1; i <= n; i++)
				printf "%s%d", (i > 1 ? " " : ""), v[name[i]]
		}')
}
