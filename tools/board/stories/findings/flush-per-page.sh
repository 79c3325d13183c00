# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A map or an unmap of several pages flushes once, not page by page.
. /stories/lib/findings.sh
finding 35
attached
does - buf 0 1024
does - map "$D" 0x0 0 0 0x1000 rw
accesses() { echo $(($(counter 0 mmio_reads) + $(counter 0 mmio_writes))); }
# taken COMMAND...: prints the register accesses of a command of the client
taken() {
	before=$(accesses)
	does - "$@"
	echo $(($(accesses) - before))
}
show "register accesses to map 16 pages" "$(taken map "$D" 0x10000 0 0 0x10000 rw)" 64 "[1-9]"
show "register accesses to unmap them" "$(taken unmap "$D" 0x10000 0x10000)" 64 "[1-9]"
show "register accesses to map 4 MiB" "$(taken map "$D" 0x400000 0 0 0x400000 rw)" 4100 4
show "register accesses to unmap them" "$(taken unmap "$D" 0x400000 0x400000)" 4100 4
does - unmap "$D" 0x0 0x1000
left
drop_buffers
shown
