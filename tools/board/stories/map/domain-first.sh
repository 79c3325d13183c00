# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Pages are mapped in a domain before its first attach, and a master finds them after it.

M=$(first_master)
translated "$M"
does "$M" alloc 0
buffers 300
does - map 0 0x100000 0 0 0x12c000 r
does - map 0 0x800000 1 0 0x12c000 w
does - map 0 0xa00000 1 0 0x1000 w
says 4096 - unmap 0 0xa00000 0x1000
says "$(client - bphys 0 0x12b000)" - phys 0 0x22b000
does "$M" attach 0
does "$M" copy 0 0x100000 0x800000 0x12c000
does - cmp 0 0 0x12c000 1 0
denied no- "$M" read 0 0xa00000 64
does "$M" detach 0

# After the detach, its pages are still mapped, and can be unmapped.
says "$(client - bphys 0 0x12b000)" - phys 0 0x22b000
says 1228800 - unmap 0 0x100000 0x12c000
says 1228800 - unmap 0 0x800000 0x12c000
says 0x0 - phys 0 0x22b000
does - free 0
drop_buffers
