# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# map: one call maps the whole run, and no page beyond the last address.
. /stories/lib/findings.sh
finding 10
attached
does - buf 0 256
pa=$(answer - bphys 0 0 | cut -d' ' -f2)
result=$(answer - mapp "$D" 0x100000000 "$pa" 0x1000 rw)
show "map behind the 32-bit aperture" "$(case $result in 0*) echo succeeds ;; *) echo refused ;; esac)" succeeds refused
show "address 0 then leads to that page" "$([ "$(answer - phys "$D" 0)" = "0 $pa" ] && echo yes || echo no)" yes no
client - unmap "$D" 0 0x1000 >/dev/null
if [ -r "$B/shadow/stats" ] && grep -q '^Y' "$B/shadow/enabled"; then
	does - map "$D" 0x2ff000 0 0 0x1000 rw
	before=$(cleans 0)
	does - map "$D" 0x200000 0 0 0xff000 rw
	calls=$(($(cleans 0) - before))
	show "cleans for 255 pages at once" $calls 255 "[1-9]"
	does - unmap "$D" 0x200000 0x100000
fi
left
drop_buffers
shown
