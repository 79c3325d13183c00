# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Functions for stories in which two CPUs work at once.

two_cpus() {
	equal "CPUs online" "$(grep -c ^processor /proc/cpuinfo)" 2
}

# Binds this shell, which may be a subshell, to a CPU: pin CPU
pin() {
	read -r _self _ </proc/self/stat
	taskset -p $((1 << $1)) "$_self" >/dev/null
}

# again_until LEAST CMD...: the condition of a loop over runs that take a fixed time and overlap by
# chance. True while there were fewer than LEAST runs or the command is false. A hundred runs fail
# the story. The variable "runs" counts them and starts at 0.
again_until() {
	local _least=$1
	shift
	[ "$runs" -lt 100 ] || fail "after $runs runs: $*"
	[ "$runs" -lt "$_least" ] || ! "$@" || return 1
	runs=$((runs + 1))
}

# Prints the number of DMA mappings of the instances' devices, as recorded by dma-debug.
dma_mappings() {
	[ ! -r $DEBUGFS/dma-api/dump ] || grep -c '\.[a-z]*mmu ' $DEBUGFS/dma-api/dump
}

# Prints the number of objects in the slabs of tables. The slabs are shrunk first, because
# they also count objects that were freed.
table_slabs() {
	for _slab in /sys/kernel/slab/iommu_table_*; do
		[ ! -e "$_slab/shrink" ] || echo 1 >"$_slab/shrink"
	done
	[ ! -r /proc/slabinfo ] || awk '/^iommu_table_/ && $2 > 0 { print $1, $2 }' /proc/slabinfo
}

# Prints the number of tables of a domain that was allocated for the instance at an
# address, from the driver's debugfs: tables_of ADDRESS
tables_of() {
	sed -n 's/^domain .*: \([0-9]*\) tables.*/\1/p' "$DEBUGFS/rust_iommu/$(instance "$1")/domains"
}
