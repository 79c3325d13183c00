# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The self-test of debugfs translates without a master, and leaves the hardware off. It is
# refused while a port is denied or translated, since accesses pass when the hardware is off.

result() { tail -n 1 "$DEBUGFS/rust_iommu/$(first_instance)/selftest"; }

M=$(first_master)
translated "$M"
buffers 1
physical=$(client - bphys 0 0)
mark 0
equal "in identity" "$(result)" passed
does "$M" read 0 "$physical" 64
hw_rests 0

does "$M" block
mark 0
equal "while it is denied" "$(result)" "failed: EBUSY"
denied '' "$M" read 0 "$physical" 64
sealed 0
does "$M" unblock

does "$M" alloc 0
does "$M" gattach 0
does - map 0 0x1000 0 0 0x1000 rw
mark 0
equal "while it is translated" "$(result)" "failed: EBUSY"
does "$M" read 0 0x1000 64
denied no- "$M" read 0 0x3000 64
sealed 0
does "$M" gdetach 0
does - free 0
drop_buffers
