# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two access classes share a register; the second write clears the first class.
. /stories/lib/findings.sh
finding 1
attached
does - buf 0 1
does - map "$D" 0x100000 0 0 0x1000 r
# 0x05550aaa, and 0x30 in either half, which denies master 2: no node names it.
show "register 0x0b4" "$(reg 0 0x0b4)" 0x05550000 0x05750aba
show "a write through a read-only mapping" "$(answer "$M" fill 0 0x100000 4 0x11)" "0 bytes 4" "-14 permission write 0x100000"
show "a read through it" "$(answer "$M" read 0 0x100000 4)" "0 bytes 4" "0 bytes 4"
does - unmap "$D" 0x100000 0x1000
left
drop_buffers
shown
