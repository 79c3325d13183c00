# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Runs that begin and end in the middle of a MiB, and the pages around them.

begin
buffers 600
at=0x500ff000
for pages in 2 255 257 514; do
	size=$((pages * 4096))
	iova=$(hex $((at)))
	at=$((at + 0x1000000))
	dst=$(hex $((iova + 0x8800000)))
	does - set 1 0 $size 0
	does - map 0 "$iova" 0 0 $size rw
	does - map 0 "$dst" 1 0 $size rw
	does "$M" copy 0 "$iova" "$dst" $size
	does - cmp 0 0 $size 1 0
	says 0x0 - phys 0 $((iova - 1))
	says 0x0 - phys 0 $((iova + size))
	denied no- "$M" read 0 $((iova - 64)) 64
	denied no- "$M" fill 0 $((dst + size)) 64 0
	# A page in the first table, whose entry is in another cache line than theirs.
	denied no- "$M" read 0 $((iova - 0x20000)) 64
	# A page in the middle is unmapped, and the others remain.
	says 4096 - unmap 0 $((iova + 4096)) 4096
	denied no- "$M" read 0 $((iova + 4096)) 64
	does "$M" read 0 "$iova" 4096
	[ $pages = 2 ] || does "$M" read 0 $((iova + 8192)) $((size - 8192))
	says 4096 - unmap 0 "$iova" 4096
	[ $pages = 2 ] || says $((size - 8192)) - unmap 0 $((iova + 8192)) $((size - 8192))
	says $size - unmap 0 "$dst" $size
done
finish
