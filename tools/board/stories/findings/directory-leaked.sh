# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A domain is freed with its directory, and no ASID has it as its root any more.
. /stories/lib/findings.sh
finding 42
translated "$M"
pages() {
	read -r _ </proc/sys/vm/stat_refresh 2>/dev/null || :
	awk '$1 == "nr_iommu_pages" { print $2 }' /proc/vmstat
}
before=$(pages)
n=0
while [ $n -lt 32 ]; do
	does "$M" alloc 0
	does "$M" gattach 0
	does "$M" gdetach 0
	does - free 0
	n=$((n + 1))
done
show "pages left of 32 domains that were freed" "$(($(pages) - before))" 32 0
# The Rust driver has the root of the blocked domain in the last ASID.
show "roots left" "$(awk '/^root_/ && $1 != "root_127" { n++ } END { print n + 0 }' "$B/iommu0/regs")" "[1-9]*" 0
shown
