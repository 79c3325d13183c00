# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# An unmap of one page does not invalidate the entries of others.
. /stories/lib/findings.sh
finding 14
attached
other=$(master 1c0e000)
does - buf 0 2
does - map "$D" 0x100000 0 0 0x1000 rw
does - map "$D" 0x900000 0 0x1000 0x1000 rw
does "$M" read 0 0x100000 64
does "$other" read 0 0x900000 64
mark 0 2
does - unmap "$D" 0x100000 0x1000
show "flushes of everything for one page" "$(counter 0 flushes)" 1 0
show "entries of others that were dropped" "$(counter 0 dropped_not_0)" "[1-9]*" 0
mark 0 2
does "$other" read 0 0x900000 64
show "walks for another master's next access" "$(counter 0 walks)" 1 0
does - unmap "$D" 0x900000 0x1000
left
drop_buffers
shown
