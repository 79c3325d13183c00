# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Another driver has enabled the swgroup of a master: an attach fails with a line that names the
# cause, and does not touch the register. So does the probe of a master of that swgroup, and so
# does its removal, if the swgroup was taken after the probe.

lines() { log_since | grep -Ec "$1"; }

M=$(first_master)
translated "$M"
does "$M" alloc 0
hw_write 0 $hw_swgroup 0x80000001
fails -16 "$M" gattach 0
equal "lines" "$(lines "$M: .*: attach failed, nothing changes: another driver has enabled its swgroup: EBUSY")" 1
equal "the register" "$(hw_read 0 $hw_swgroup)" 0x80000001
hw_write 0 $hw_swgroup 0
does "$M" gattach 0
does "$M" gdetach 0
does - free 0

# The swgroup of the second display controller.
hw_write 0 0x244 0x80000001
check "overlay" overlay_apply "$hw_joiner"
wait_for "a line" 5 log_has "1c0e000.dma-master: .*: another driver has enabled swgroup dcb"
equal "lines" "$(lines "1c0e000.dma-master: .*another driver")" 1
refute "it is behind the IOMMU" has_group "$(master 1c0e000)"
equal "the register" "$(hw_read 0 0x244)" 0x80000001
check "overlay" overlay_remove all
hw_write 0 0x244 0

check "overlay" overlay_apply "$hw_joiner"
wait_for "it is there" 5 usable_at 1c0e000
hw_write 0 0x244 0x80000001
check "overlay" overlay_remove all
equal "lines" "$(lines "1c0e000.dma-master: .*: swgroup 2 is not denied: another driver has enabled its swgroup")" 1
equal "the register" "$(hw_read 0 0x244)" 0x80000001
hw_write 0 0x244 0
