# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Addresses that were used before, or whose access was denied, are mapped. The device
# must reach the new page at each address of the range, despite its IOMMU's caches.

begin
buffers 512
for round in 1 2 3; do
	# Denied accesses: these entries and their neighbours may be cached as invalid.
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
