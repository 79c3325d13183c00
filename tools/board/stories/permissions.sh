# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# What a mapping allows is what the device can do: for each kind of mapping
# given (r, w, rw, none), a read and a write; before and after the entry is in
# a TLB, and again when the page is mapped anew with other rights.

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
