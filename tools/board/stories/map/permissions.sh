# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The device can make exactly the accesses that a mapping allows. The story tests a read
# and a write for each of the given kinds of mapping (r, w, rw, none), before and after
# the entry is in a TLB, and again when the page is mapped with other permissions.

begin
buffers 16
for prot in $(echo "${1:-r w rw none rw r w none r}" | tr + ' '); do
	does - map 0 0x60000000 0 0 0x10000 ${prot#none}-
	for round in 1 2; do
		case $prot in
		*r*) does "$M" read 0 0x60002000 4096 ;;
		*) denied permission "$M" read 0 0x60002000 4096 ;;
		esac
		case $prot in
		*w) does "$M" fill 0 0x60003000 4096 $round ;;
		*) denied permission "$M" fill 0 0x60003000 4096 $round ;;
		esac
	done
	says 65536 - unmap 0 0x60000000 0x10000
done
finish
