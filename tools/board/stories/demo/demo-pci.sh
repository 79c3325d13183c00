# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The second part of the demonstration of "make board ARCH=arm64": a PCI function
# behind a DART, by the iommu-map of its host bridge.

# Once loaded, the crate stays, with its own allocations.
oracle_ignore '^slab_ours|^nr_iommu_pages|^ref_|^rpm_usage_'
check "insert" load_driver
check "the disk's driver loads" load nvme
demo "board: QEMU's virt machine with a DART of the $(echo "$soc" | tr '[:lower:]' '[:upper:]'); modprobe $driver_module nvme"
behind nvme
demo "  master   $(virt_node nvme), by the bridge's iommu-map: $(cat "$(virt_bus nvme)/iommu_group/type")"
mark 0 2
disk_round nvme 2
demo "  NVMe: a file system, 2 MiB written, read back: equal"
sealed_off
demo "  accesses $(counter 0 accesses), walks $(counter 0 walks), untranslated $(report 0 passed)"
