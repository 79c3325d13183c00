# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# While a master is translated its IOMMU's clock is on, regardless of the master's power
# management. In the identity domain the clock is off again.

M=$(first_master)
I=$(first_instance)
translated "$M"
equal "usage in identity" "$(count "rpm_usage_$I")" 0
wait_for "the clock is off in identity" 3 test "$(count iommu0_clock)" = 0
begin
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
mark 0
does "$M" rpm get
does "$M" rpm put
says suspended "$M" rpm status
check "usage while attached" test "$(count "rpm_usage_$I")" -gt 0
equal "clock" "$(count iommu0_clock)" 1
equal "reset" "$(count iommu0_reset_asserted)" 0
sleep 1
equal "clock" "$(count iommu0_clock)" 1
does "$M" read 0 0x1000 64
denied no- "$M" read 0 0x2000 64
sealed 0
says 4096 - unmap 0 0x1000 0x1000
finish
equal "usage after" "$(count "rpm_usage_$I")" 0
equal "registers touched without clock" "$(counter 0 gated_accesses)" 0
equal "registers touched in reset" "$(counter 0 reset_accesses)" 0
