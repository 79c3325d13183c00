# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The demonstration of "make board ARCH=arm64": stock masters with stock drivers, which
# use the DMA API.

# Once loaded, the crate stays, with its own allocations.
oracle_ignore '^slab_ours'
masters="dma0 dma1 mmc net0 net1"
check "the crate" load rust_iommu

# Removes the masters' drivers and devices.
unplug_masters() {
	rmmod macb pl330 sdhci_of_arasan
	for name in $masters; do
		does @ unplug "$(virt_node "$name")"
	done
}

unplug_masters
before=$(oracle | sort)
demo "Linux $(uname -r), $(uname -m), $(grep -c ^processor /proc/cpuinfo) CPUs; board: QEMU's virt machine with the IOMMU of the $(echo "$soc" | tr '[:lower:]' '[:upper:]')"
check "insert" load_driver
demo "modprobe $driver_module: $(awk '{ print $1 " (" int($2 / 1024) " KiB)" }' /proc/modules | grep rust_ | sort -r | tr '\n' ' ')"
does @ plug
for module in pl330 mmc_block sdhci_of_arasan macb; do
	check "modprobe $module" load $module
done
behind $masters
demo "modprobe pl330 sdhci_of_arasan macb: $(echo "$masters" | wc -w) masters with stock drivers, all in groups that translate"

mark 0 2
check "dmatest" modprobe dmatest iterations=20 test_buf_size=16384
dmatest_run "a copy" "$(virt_channel dma0)"
check "no failure" log_has 'summary 20 tests, 0 failures'
demo "  dmatest: 20 copies of up to 16 KiB by a PL330, 0 failures"
unload dmatest
disk_round mmc 2
demo "  SD card: a file system, 2 MiB written, read back: equal"
sealed_off
demo "  accesses $(counter 0 accesses), walks $(counter 0 walks), untranslated $(report 0 passed)"

dev=$(virt_node dma0)
does @ take 0 "$dev" 0x1000 0x11
from=${client_said%% *}
client @ copy "$(virt_channel dma0)" 0x7654000 "$from" 0x1000 >/dev/null
wait_for "a fault" 5 log_has "$dev .*0x0*7654000"
demo "a descriptor of the PL330 that points at 0x7654000, where nothing is mapped:"
demo "$(log_since | grep "$dev .*7654000" | head -n 1 | sed 's/^\[ *[0-9.]*\] /  /')"
does @ give 0
rmmod "$driver_module" 2>/dev/null && fail "the driver goes with masters"
demo "rmmod $driver_module: refused while masters are there"
unplug_masters
check "the driver goes" unload_driver
demo "the masters are unplugged; rmmod $driver_module: done"
after=$(oracle | sort)
equal "counts" "$after" "$before"
total() { echo "$1" | awk "/$2/"' { n += $2 } END { print n + 0 }'; }
references=$(($(total "$after" '^(ref_|rpm_)') - $(total "$before" '^(ref_|rpm_)')))
mappings=$(($(total "$after" '^nr_iommu_pages') - $(total "$before" '^nr_iommu_pages')))
demo "$references references left, $mappings mappings left"
record demo_references_left $references
record demo_mappings_left $mappings
# The masters are created again, as the boot had them.
does @ plug
