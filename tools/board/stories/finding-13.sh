# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A page may be cached as invalid before it is ever mapped: its neighbour was
# read, and the hardware reads entries by pairs.
. /stories/finding-lib.sh
finding 13
attached
does - buf 0 1024
# Page 5 is read, and page 4 comes along; then pages 1 to 4 are mapped.
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
