# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A domain that another one replaces gives back its ASID. Of these there are 128.
. /stories/lib/findings.sh
finding 39
translated "$M"
[ "$driver" = rust ] || expect_splat 'WARNING: drivers/iommu/tegra-smmu.c:[0-9]+ at tegra_smmu_domain_free'
n=0
while [ $n -lt 140 ]; do
	does "$M" alloc 0
	does "$M" alloc 1
	client "$M" attach 0 >/dev/null || break
	client "$M" replace 1 >/dev/null || break
	does "$M" detach 1
	does - free 0
	does - free 1
	n=$((n + 1))
done
show "changes between two domains until there is no ASID" "$n" "12[0-9]" 140
show "the last result" "$client_errno" -28 0
shown
