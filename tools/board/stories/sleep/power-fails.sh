# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The clock or the reset fails while a domain is being attached: the attach returns an
# error and changes nothing, and the next attempt works. It works also after the reset has
# failed when the hardware was turned off.

M=$(first_master)
translated "$M"
does "$M" alloc 0
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
before=$(oracle)
for what in fail_clock fail_reset; do
	echo 1 >"$B/$what"
	refuses "$M" attach 0
	equal "$what was used up" "$(cat "$B/$what")" 0
	says identity "$M" domain
	equal "counts after $what" "$(oracle)" "$before"
	refute "the hardware is off" hw_translates 0
	does "$M" attach 0
	does "$M" read 0 0x1000 64
	does "$M" detach 0
	equal "counts after success" "$(oracle)" "$before"
done
does "$M" attach 0
echo 1 >"$B/fail_reset"
does "$M" detach 0
wait_for "the clock is off" 3 test "$(count iommu0_clock)" = 0
equal "fail_reset was used up" "$(cat "$B/fail_reset")" 0
does "$M" attach 0
does "$M" read 0 0x1000 64
does "$M" detach 0
equal "counts after the reset failed" "$(oracle)" "$before"
says 4096 - unmap 0 0x1000 0x1000
does - free 0
drop_buffers
