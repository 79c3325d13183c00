# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Cache maintenance: once for a run of entries, and once for a new table.
. /stories/lib/findings.sh
finding 12
if ! [ -r "$B/shadow/stats" ] || ! grep -q '^Y' "$B/shadow/enabled"; then
	skip "this image has no cache maintenance to count"
fi
attached
does - buf 0 16
before=$(cleans 0)
does - map "$D" 0x300000 0 0 0x1000 rw
show "cleans for a page in a new table" $(($(cleans 0) - before)) 4 "[123]"
before=$(cleans 0)
does - map "$D" 0x301000 0 0x1000 0xf000 rw
show "cleans for 15 more pages, all in one line" $(($(cleans 0) - before)) 15 1
does - unmap "$D" 0x300000 0x10000
left
drop_buffers
shown
