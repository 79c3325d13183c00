# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# An invalidation does not complete: memory that is freed must be unreachable for
# the device.
. /stories/lib/findings.sh
finding 15
misuses=command_while_busy
attached
does - buf 0 1
does - map "$D" 0x100000 0 0 0x1000 rw
does "$M" read 0 0x100000 64
hw_stick 0
show "bytes unmapped while invalidations are stuck" "$(answer - unmap "$D" 0x100000 0x1000)" "0 4096" "0 4096"
show "a read of the page afterwards" "$(answer "$M" read 0 0x100000 64)" "0 bytes 64" "-14 *"
knob 0 stuck_flush 0
knob 0 stuck_tlb_ivld 0
knob 0 stuck_ptw_ivld 0
does - map "$D" 0x200000 0 0 0x1000 rw
show "a new page, once they end again" "$(answer "$M" read 0 0x200000 64)" "0 bytes 64" "0 bytes 64"
does - unmap "$D" 0x200000 0x1000
left
drop_buffers
shown
