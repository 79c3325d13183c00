# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Scattered memory is copied as one contiguous range of IOVAs, and by a list of
# descriptors that the device also reads through the IOMMU.

begin
buffers 256 scatter
does - buf 2 1
says 1048576 - mapsg 0 0x20000000 0 0 0x100000 r
says 1048576 - mapsg 0 0x30120000 1 0 0x100000 w
does - map 0 0x40240000 2 0 0x1000 r
does "$M" copy 0 0x20000000 0x30120000 0x100000
does - cmp 0 0 0x100000 1 0

# One list copies pages 0, 7, 14, ... to the same offsets.
does - set 1 0 0x100000 0
for n in 0 1 2 3 4 5 6 7; do
	off=$((n * 7 * 4096))
	does - desc 2 $n $((0x20000000 + off)) $((0x30120000 + off)) 4096
done
does "$M" list 1 0x40240000 8
for n in 0 3 7; do
	off=$((n * 7 * 4096))
	does - cmp 0 $off 0x1000 1 $off
	does - check 1 $((off + 4096)) 0x1000 0
done

says 1048576 - unmap 0 0x20000000 0x100000
denied no- "$M" list 1 0x40240000 8
says 1048576 - unmap 0 0x30120000 0x100000
says 4096 - unmap 0 0x40240000 0x1000
finish
