# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# After the last master was detached, the hardware must be in the identity domain.
. /stories/lib/findings.sh
finding 4
attached
does - buf 0 1
ttb=$(reg 0 0x050)
left
stopped() { [ "$driver" = c ] || [ "$(count iommu0_clock)" = 0 ]; }
wait_for "the clock to stop" 5 stopped
show "translation is enabled" "$(reg 0 0x020)" 0x00000001 0x00000000
show "the clock runs" "$(count iommu0_clock)" 1 0
show "the directory is that of the domain that was left" "$([ "$(reg 0 0x050)" = "$ttb" ] && echo yes || echo no)" yes "*"
show "an access at PA=VA" "$(answer "$M" read 0 "$(answer - bphys 0 0 | cut -d' ' -f2)" 64 | cut -d' ' -f 1,2)" "-14 no-table" "0 bytes"
drop_buffers
shown
