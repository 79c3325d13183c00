# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A wrong devicetree, one kind in each run: a line in the log names the mistake, nothing
# is left behind, and the next good node works.

case $1 in
cells0) line='dma-master: .*mmu: iommus entry has 0 cells, this IOMMU takes 1' ;;
cells2) line='dma-master: .*mmu: iommus entry has 2 cells, this IOMMU takes 1' ;;
bad-id) line='dma-master: .*mmu: no such master ID: \[77\]' ;;
no-register) line='dma-master: .*mmu: no such master ID: \[0\]' ;;
no-client) line='dma-master: .*mmu: no client of swgroup dc1 is known' ;;
two-iommus) line='dma-master: .*mmu, .*mmu: behind 2 IOMMUs, this hardware takes one' ;;
no-clock) line='iommu: no clock' ;;
no-reset) line='iommu: no reset' ;;
no-interrupt) line='mmu: .*(interrupt|IRQ)' ;;
no-reg) line='mmu.*: no reg' ;;
wrong-clock | wrong-reset) line='iommu: registers do not hold what is written: wrong clocks, resets or reg' ;;
same-mc) line="smmu-same: the memory controller's registers: EBUSY" ;;
same-reg) line='iommu-alias: registers cannot be claimed: EBUSY' ;;
differ) line='dma-master: .*: these differ in page size, width or tables' ;;
mixed-group) line='2003000.dma-master: .*: shares a stream with 101c0e000.dma-master, whose IOMMUs are not the same' ;;
two-groups) line='2003000.dma-master: .*: shares a stream with 102002000.dma-master, which is in another group than one it shares another stream with' ;;
window-wraps | window-crosses) line='30d0000.iommu: apple,dma-range: no whole pages within a border of 32 bits' ;;
narrow-entries) line='30d0000.iommu: table entries cannot hold addresses of 42 bits with pages of 4096 bytes' ;;
*) fail "no such case: $1" ;;
esac
# Until the driver has found out.
case $1 in
wrong-clock) oracle_ignore _misuse_gated_accesses ;;
wrong-reset) oracle_ignore _misuse_reset_accesses ;;
esac
check "overlay" overlay_apply "$1"
wait_for "the good master" 5 usable_at 2004000
log_since | grep -E 'mmu|master' | grep -Ev 'Adding to iommu group|probe with driver|deferred probe timeout|[0-9]+ streams, ' >/tmp/lines
while read -r text; do
	note "$text"
done </tmp/lines
# The core probes the master again when its driver is probed: the line is not repeated.
check "a line says it" grep -Eq "$line" /tmp/lines
equal "lines" "$(wc -l </tmp/lines)" 1
equal "group of the bad master" "$(has_group "$(master 2003000)" && echo yes)" ""

works "$(master 2004000)"
check "overlay" overlay_remove all
