# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two hundred times, the driver is loaded, a master is added and works, the master is
# removed, and the driver is unloaded. Nothing of it remains.

cycles=${1:-200}

cycle() {
	check "the driver is inserted" load_driver
	check "overlay" overlay_apply codec
	M=$(master 1c0e000)
	wait_for "the codec" 5 usable "$M"
	[ $(($1 % 20)) != 0 ] || works "$M"
	check "overlay" overlay_remove all
	check "the driver is removed" unload_driver
}

# Checks how much memory was lost since the first cycles, which fill slabs and per-CPU
# lists. RCU and workqueues free much of it late.
came_back() {
	kib=$((memory - $(free_kib)))
	[ $kib -lt $((1024 + cycles * 32)) ]
}

I=$(first_instance)
check "the driver goes" unload_driver
before=$(oracle)
for done in 0 1 2 3 4; do
	cycle "$done"
done
memory=$(free_kib)
done=0
while [ $done -lt "$cycles" ]; do
	cycle "$done"
	done=$((done + 1))
done
refute "the instance is not bound" bound "$I"
equal "counts" "$(oracle)" "$before"
wait_for "the memory to come back" 5 came_back
note "memory that was lost: $kib KiB"
record reload_cycles $done
record reload_kib_lost $kib
check "the driver stays" load_driver
oracle_ignore "^iommu0_(clock|reset)|^rpm_usage_$I|^ref_dev_$I"
