# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Pages and tables after those that a device uses may be cached as invalid, because the
# hardware reads them with their neighbours or prefetches them. No fault reports that.
# When they are mapped later, the device must reach each of them.

begin
buffers 1024
at=0x20000000
for pages in 1 2 16 255 256 1023; do
	iova=$(hex $((at - 4096)))
	dst=$(hex $((at + 0x40800000)))
	at=$((at + 0x2000000))
	does - map 0 "$iova" 0 0 0x1000 rw
	does "$M" read 0 "$iova" 0x1000
	does - map 0 $((iova + 4096)) 0 0x1000 $((pages * 4096)) r
	does - map 0 "$dst" 1 0 $((pages * 4096 + 4096)) w
	does "$M" copy 0 "$iova" "$dst" $((pages * 4096 + 4096))
	does - cmp 0 0 $((pages * 4096 + 4096)) 1 0
	says $((pages * 4096 + 4096)) - unmap 0 "$iova" $((pages * 4096 + 4096))
	says $((pages * 4096 + 4096)) - unmap 0 "$dst" $((pages * 4096 + 4096))
done
finish
