# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# For stories in which two CPUs do things at once.

two_cpus() {
	equal "CPUs online" "$(grep -c ^processor /proc/cpuinfo)" 2
}

# Binds this shell, which may be a subshell, to a CPU: pin CPU
pin() {
	read -r _self _ </proc/self/stat
	taskset -p $((1 << $1)) "$_self" >/dev/null
}

# again_until LEAST CMD...: for a loop over a run that takes a time and meets by chance. True
# while there were fewer than LEAST runs or the command is false; a hundred runs are too many.
# The variable "runs" counts them and begins at 0.
again_until() {
	local _least=$1
	shift
	[ "$runs" -lt 100 ] || fail "after $runs runs: $*"
	[ "$runs" -lt "$_least" ] || ! "$@" || return 1
	runs=$((runs + 1))
}

# What the devices of the instances have mapped for DMA, by dma-debug's book.
dma_mappings() {
	[ ! -r $DEBUGFS/dma-api/dump ] || grep -c '\.iommu ' $DEBUGFS/dma-api/dump
}

# Objects in the slabs that tables come from. What was freed counts until the
# caches that keep it are shrunk.
table_slabs() {
	for _slab in /sys/kernel/slab/iommu_table_*; do
		[ ! -e "$_slab/shrink" ] || echo 1 >"$_slab/shrink"
	done
	[ ! -r /proc/slabinfo ] || awk '/^iommu_table_/ && $2 > 0 { print $1, $2 }' /proc/slabinfo
}

# The tables of a domain that was made for the instance at an address, by the
# driver's debugfs: tables ADDRESS
tables() {
	sed -n 's/^domain .*: \([0-9]*\) tables.*/\1/p' "$DEBUGFS/rust_iommu/$(instance "$1")/domains"
}
