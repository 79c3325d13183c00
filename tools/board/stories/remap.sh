# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Addresses that were used, or asked for in vain: the device must see what is
# mapped there now, whatever its IOMMU has cached, at each page of the range.

begin
buffers 512
for round in 1 2 3; do
	# Asked for in vain: they may be cached as not there, and their neighbours.
	for n in 0 1 2 3 100 255 256 257 300 511; do
		denied no- "$M" read 0 $((0x70000000 + n * 4096)) 64
	done
	does - pattern 0 $round
	does - map 0 0x70000000 0 0 0x200000 r
	does - map 0 0x80200000 1 0 0x200000 w
	does "$M" copy 0 0x70000000 0x80200000 0x200000
	does - cmp 0 0 0x200000 1 0
	# Other memory at the same addresses.
	says 2097152 - unmap 0 0x70000000 0x200000
	says 2097152 - unmap 0 0x80200000 0x200000
	does - set 0 0 0x200000 $round
	does - map 0 0x70000000 1 0 0x200000 r
	does - map 0 0x80200000 0 0 0x200000 w
	does "$M" copy 0 0x70000000 0x80200000 0x200000
	does - cmp 0 0 0x200000 1 0
	says 2097152 - unmap 0 0x70000000 0x200000
	says 2097152 - unmap 0 0x80200000 0x200000
done
finish
