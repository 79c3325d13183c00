# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# An entry may be cached as invalid before its page is ever mapped, because the
# hardware reads entries in pairs and the neighbour was read.
. /stories/lib/findings.sh
finding 13
attached
does - buf 0 1024
# A read of page 5 also caches the entry of page 4; then pages 1 to 4 are mapped.
does - map "$D" 0x105000 0 0x5000 0x1000 rw
does "$M" read 0 0x105000 64
does - map "$D" 0x101000 0 0x1000 0x4000 rw
show "a read of the last page of a new range" "$(answer "$M" read 0 0x104000 64)" "-14 no-page read 0x104000" "0 bytes 64"
# The same with directory entries: MiB 13 is read, then MiB 9 to 12 are mapped.
does - map "$D" 0xd00000 0 0 0x1000 rw
does "$M" read 0 0xd00000 64
does - map "$D" 0x900000 0 0 0x400000 rw
show "a read of the last MiB of a new range" "$(answer "$M" read 0 0xc00000 64)" "-14 no-table read 0xc00000" "0 bytes 64"
does - unmap "$D" 0x105000 0x1000
does - unmap "$D" 0x101000 0x4000
does - unmap "$D" 0xd00000 0x1000
does - unmap "$D" 0x900000 0x400000
left
drop_buffers
shown
