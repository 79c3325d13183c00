# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A second map of a mapped address is refused, and the first mapping stays.

begin
buffers 64
does - map 0 0x2010000 0 0x8000 0x1000 rw
was=$(client - phys 0 0x2010000)
refuses - map 0 0x2010000 1 0 0x1000 rw
refuses - map 0 0x2000000 1 0 0x20000 rw
says "$was" - phys 0 0x2010000
says 0x0 - phys 0 0x2000000
says 0x0 - phys 0 0x200f000
does "$M" read 0 0x2010000 0x1000
denied no- "$M" read 0 0x200f000 64
says 4096 - unmap 0 0x2010000 0x1000
says 0 - unmap 0 0x2010000 0x1000

# An unmap of more than is mapped returns the size that was mapped.
does - map 0 0x3000000 0 0 0x3000 rw
does "$M" read 0 0x3000000 0x3000
says 12288 - unmap 0 0x3000000 0x10000
denied no- "$M" read 0 0x3000000 64
finish
