# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The first and the last pages of the 4 GiB that the hardware translates.

begin
buffers 1024
does - map 0 0x0 0 0 0x1000 rw
does - map 0 0xfffff000 1 0 0x1000 rw
does "$M" copy 0 0x0 0xfffff000 0x1000
does - cmp 0 0 0x1000 1 0
says "$(client - bphys 1 0xfff)" - phys 0 0xffffffff
says 4096 - unmap 0 0xfffff000 0x1000
denied no- "$M" read 0 0xffffffc0 64

does - set 1 0 0x400000 0
does - map 0 0xffc00000 1 0 0x400000 rw
does - map 0 0x80400000 0 0 0x400000 rw
does "$M" copy 0 0x80400000 0xffc00000 0x400000
does - cmp 0 0 0x400000 1 0
says 4194304 - unmap 0 0xffc00000 0x400000
denied no- "$M" read 0 0xffc00000 64
denied no- "$M" read 0 0xffffffc0 64
does "$M" read 0 0x0 64
says 4096 - unmap 0 0x0 0x1000
says 4194304 - unmap 0 0x80400000 0x400000
finish
