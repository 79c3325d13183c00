# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# unmap: one call unmaps the whole run, and no page beyond the last address.
. /stories/lib/findings.sh
finding 11
attached
does - buf 0 256
does - map "$D" 0 0 0 0x1000 rw
show "bytes unmapped behind the 32-bit aperture" "$(answer - unmap "$D" 0x100000000 0x1000)" "0 4096" "0 0"
show "the page at address 0" "$([ "$(answer - phys "$D" 0)" = "$(answer - bphys 0 0)" ] && echo mapped || echo gone)" gone mapped
client - unmap "$D" 0 0x1000 >/dev/null
if [ -r "$B/shadow/stats" ] && grep -q '^Y' "$B/shadow/enabled"; then
	does - map "$D" 0x200000 0 0 0x100000 rw
	before=$(cleans 0)
	does - unmap "$D" 0x200000 0xff000
	calls=$(($(cleans 0) - before))
	show "cleans for 255 pages at once" $calls 255 "[1-9]"
	does - unmap "$D" 0x2ff000 0x1000
fi
left
drop_buffers
shown
