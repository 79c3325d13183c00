# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two hundred times: the driver comes, a master comes and works with it, the
# master goes, the driver goes. Nothing of it stays.

cycles=${1:-200}
check "the driver goes" unload_driver
I=$(instance 30f0000)
before=$(oracle)
memory=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
done=0
while [ $done -lt "$cycles" ]; do
	check "the driver is inserted" load_driver
	check "overlay" overlay_apply codec
	M=$(master 1c0e000)
	wait_for "the codec" 5 usable "$M"
	[ $((done % 20)) != 0 ] || works "$M"
	check "overlay" overlay_remove all
	check "the driver is removed" unload_driver
	done=$((done + 1))
done
refute "the instance is not bound" bound "$I"
equal "counts" "$(oracle)" "$before"
kib=$((memory - $(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)))
check "memory that was lost: $kib KiB" test $kib -lt $((cycles * 64))
record reload_cycles $done
record reload_kib_lost $kib
check "the driver stays" load_driver
oracle_ignore "^iommu0_|^rpm_usage_$I|^ref_dev_$I"
