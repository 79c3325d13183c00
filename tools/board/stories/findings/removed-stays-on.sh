# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master is removed while its DMA domain is attached: it reaches nothing any more.
. /stories/lib/findings.sh
finding 54
# The master that comes again has a DMA domain, too.
oracle_ignore '^nr_iommu_pages|^slab_ours'
translated "$M"
bus=/sys/bus/platform/devices/$M
show "attaching the blocked domain" "$(answer "$M" block)" -2 0
[ "$driver" = c ] || does "$M" unblock
does @ any_domain "$M"
echo "$M" >$bus/driver/unbind
echo DMA >$bus/iommu_group/type
was=$(hw_read 0 $hw_swgroup)
note "the swgroup's register: $was"
[ "$driver" = rust ] || expect_splat 'WARNING: drivers/iommu/tegra-smmu.c:[0-9]+ at tegra_smmu_domain_free'
does @ unplug "$M"
show "the swgroup has the domain's ASID after that" "$([ "$(hw_read 0 $hw_swgroup)" = "$was" ] && echo yes || echo no)" yes no
show "the root of that ASID is valid" \
	"$([ "$(hw_read 0 root_$((was & 0x7f)))" != 0x00000000 ] && echo yes || echo no)" yes no
does @ plug
shown
