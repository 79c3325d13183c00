# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# As the story permissions, for each master of the instance: all share a domain, and
# the permissions of a page are the same for each.

M=$(first_master)
translated "$M"
does "$M" alloc 0
does "$M" gattach 0
buffers 4
does - map 0 0x10000 0 0x0000 0x1000 r
does - map 0 0x20000 0 0x1000 0x1000 w
does - map 0 0x30000 0 0x2000 0x1000 rw
does - map 0 0x40000 0 0x3000 0x1000 -
masters=0
all=$(awk '$1 == "master" { print $2 }' "$B/devices")
for dev in $all; do
	translated "$dev"
	masters=$((masters + 1))
	does "$dev" read 0 0x10000 64
	denied permission "$dev" fill 0 0x10000 64 1
	denied permission "$dev" read 0 0x20000 64
	does "$dev" fill 0 0x20000 64 1
	does "$dev" read 0 0x30000 64
	does "$dev" fill 0 0x30000 64 1
	denied permission "$dev" read 0 0x40000 64
	denied permission "$dev" fill 0 0x40000 64 1
done
equal "masters" $masters 4
for iova in 0x10000 0x20000 0x30000 0x40000; do
	says 4096 - unmap 0 $iova 0x1000
done
does "$M" gdetach 0
does - free 0
drop_buffers
