# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Runs of one page to four MiB are mapped, looked up and unmapped. The device copies
# through them, and is denied after the unmap.

begin
buffers 1024
at=0x10000000
for size in 0x1000 0x2000 0x10000 0x100000 0x400000; do
	src=$(hex $((at)))
	dst=$(hex $((at + 0x8800000)))
	at=$((at + 0x1000000))
	does - set 1 0 $size 0
	does - map 0 $src 0 0 $size r
	does - map 0 $dst 1 0 $size w
	does "$M" copy 0 $src $dst $size
	does - cmp 0 0 $size 1 0
	last=$((size - 1))
	says "$(client - bphys 0 $last)" - phys 0 $((src + last))
	says $((size)) - unmap 0 $dst $size
	denied no- "$M" fill 0 $dst 64 0
	denied no- "$M" fill 0 $((dst + size - 64)) 64 0
	does "$M" read 0 $((src + size - 64)) 64
	says $((size)) - unmap 0 $src $size
	says 0x0 - phys 0 $src
	denied no- "$M" read 0 $src 64
done
finish
