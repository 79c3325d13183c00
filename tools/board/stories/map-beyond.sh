# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# What lies beyond 4 GiB is refused, and a range that is refused leaves nothing.

begin
buffers 16
refuses - map 0 0x100000000 0 0 0x1000 rw
says 0x0 - phys 0 0x0
refuses - map 0 0xfffff000 0 0 0x2000 rw
says 0x0 - phys 0 0xfffff000
refuses - map 0 0x1000000000 0 0 0x1000 rw
says 0 - unmap 0 0x100000000 0x1000
denied no- "$M" read 0 0x0 64

# Neither is a physical address that a page entry cannot hold.
refuses - mapp 0 0x1000 $hw_beyond 0x1000 rw
says 0x0 - phys 0 0x1000
finish
