# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A map beyond the last address is refused, and maps no part of its range.

begin
buffers 16
refuses - map 0 0x100000000 0 0 0x1000 rw
says 0x0 - phys 0 0x0
refuses - map 0 0xfffff000 0 0 0x2000 rw
says 0x0 - phys 0 0xfffff000
refuses - map 0 0x1000000000 0 0 0x1000 rw
says 0 - unmap 0 0x100000000 0x1000
denied no- "$M" read 0 0x0 64

# A physical address that a page entry cannot hold is refused, too.
refuses - mapp 0 0x1000 $hw_beyond 0x1000 rw
says 0x0 - phys 0 0x1000
finish
