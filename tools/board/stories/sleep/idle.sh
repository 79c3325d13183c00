# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The kernel's own clock driver switches the IOMMU's clock. It is off while all masters
# are in the identity domain, and on before the first one is translated again,
# regardless of the masters' own power management. No access bypasses the tables, and
# no register is accessed without the clock.

masters="dma0 dma1 mmc net0 net1"
gate() { awk '$1 == "bus-iommu" { print $2 }' $DEBUGFS/clk/clk_summary; }
gated() { [ "$(gate)" = 0 ]; }
drivers_go() { rmmod macb pl330 sdhci_of_arasan; }
drivers_come() {
	for module in macb pl330 sdhci_of_arasan; do load $module; done
	behind $masters
}
domain_is() {
	check "the domain is changed to $1" eval "echo $1 >$group/type"
	equal "the domain" "$(cat "$group/type")" "$1"
}

oracle_ignore '^nr_iommu_pages|^ref_dev_|^rpm_usage_'
behind $masters
group=$(readlink -f "$(virt_bus dma0)/iommu_group")
mark 0 2
sleep 1
equal "clock with masters that are idle" "$(gate)" 1
for round in 1 2; do
	drivers_go
	equal "clock without their drivers" "$(gate)" 1
	domain_is identity
	wait_for "the clock is off" 5 gated
	domain_is DMA
	equal "clock with masters" "$(gate)" 1
	drivers_come
	disk_round mmc 1
done
sealed_off
equal "registers touched without clock" "$(counter 0 gated_accesses)" 0
equal "registers touched in reset" "$(counter 0 reset_accesses)" 0
