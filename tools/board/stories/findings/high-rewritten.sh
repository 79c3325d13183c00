# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The upper bits of the address of a flush are written only if they change.
. /stories/lib/findings.sh
finding 36
attached
buffers 1
mark 0 2
does - map "$D" 0x1000 0 0 0x1000 rw
does - unmap "$D" 0x1000 0x1000
show "writes of PTC_FLUSH_1 that change nothing, for a page" "$(counter 0 high_unchanged)" "[1-9]*" 0
left
drop_buffers
shown
