# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master is blocked while the hardware does not finish an invalidation, and its domain is
# freed: the tables stay in memory until an invalidation has ended. Nor are they freed when
# masters are blocked again meanwhile, because another one joins the group and leaves it.

listed() { grep -c '^domain ' "$DEBUGFS/rust_iommu/$(first_instance)/domains"; }

begin
buffers 1
does - map 0 0x100000 0 0 0x1000 rw
does "$M" read 0 0x100000 64
domains=$(listed)
mark 0
hw_stick 0
does "$M" block
does - free 0
equal "domains" "$(listed)" "$domains"
check "overlay" overlay_apply "$hw_joiner"
check "the other master is there" test -n "$(master 1c0e000)"
check "overlay" overlay_remove all
check "the other master is gone" gone 1c0e000
equal "domains" "$(listed)" "$domains"
denied '' "$M" read 0 0x100000 64
hw_unstick 0
check "overlay" overlay_apply "$hw_joiner"
check "the other master is there" test -n "$(master 1c0e000)"
check "overlay" overlay_remove all
check "the other master is gone" gone 1c0e000
equal "domains" "$(listed)" $((domains - 1))
denied '' "$M" read 0 0x100000 64
sealed 0
does "$M" unblock
drop_buffers
hw_joiner_gone
