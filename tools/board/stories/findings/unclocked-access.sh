# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# No register may be accessed while the clock is off.
. /stories/lib/findings.sh
finding 22
misuses=gated_accesses
translated "$M"
does - buf 0 1
does "$M" alloc 0
echo 1 >"$B/fail_clock"
client "$M" gattach 0 >/dev/null
echo 0 >"$B/fail_clock"
show "the clock runs" "$(count iommu0_clock)" 0 0
mark 0 2
does - map 0 0x100000 0 0 0x1000 rw
does - unmap 0 0x100000 0x1000
show "register accesses without clock or in reset, by map and unmap" $(($(counter 0 gated_accesses) + $(counter 0 reset_accesses))) "[1-9]*" 0
if [ "$driver" != c ]; then
	does "$M" gattach 0
	does - map 0 0x100000 0 0 0x1000 rw
	does "$M" gdetach 0
	stopped() { [ "$(count iommu0_clock)" = 0 ]; }
	wait_for "the clock to stop" 5 stopped
	mark 0 2
	does - unmap 0 0x100000 0x1000
	show "the same by unmap after detaching" "$(($(counter 0 gated_accesses) + $(counter 0 reset_accesses)))" - 0
	does - free 0
	drop_buffers
fi
shown
