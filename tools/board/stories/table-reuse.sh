# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A table that became empty is freed, and its memory becomes a table of another
# domain. The device must not find its way there by what the walk cache had.

begin
does "$M" alloc 1
buffers 256
does - map 0 0x40000000 0 0 0x1000 rw
does "$M" read 0 0x40000000 64
says 4096 - unmap 0 0x40000000 0x1000
# As many empty tables as are kept, and more: in some round that first one is
# given back, and what domain 1 maps next gets it.
n=1
while [ $n -le 90 ]; do
	does - map 0 $((0x50000000 + n * 0x200000)) 0 0 0x1000 rw
	says 4096 - unmap 0 $((0x50000000 + n * 0x200000)) 0x1000
	does - map 1 $((n * 0x100000)) 0 0 0x100000 rw
	n=$((n + 1))
done
mark 0
denied no- "$M" read 0 0x40080000 64
denied no- "$M" fill 0 0x40080000 64 1
sealed 0
does - free 1
finish
