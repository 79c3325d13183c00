# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# As the story permissions, for each master of the instance: all share a domain, also those of
# several groups, and the permissions of a page are the same for each. permissions-masters:some:
# without a page that allows nothing, which not all hardware has.

M=$(first_master)
translated "$M"
does "$M" alloc 0
buffers 4
does - map 0 0x10000 0 0x0000 0x1000 r
does - map 0 0x20000 0 0x1000 0x1000 w
does - map 0 0x30000 0 0x2000 0x1000 rw
pages="0x10000 0x20000 0x30000"
if [ "$1" != some ]; then
	does - map 0 0x40000 0 0x3000 0x1000 -
	pages="$pages 0x40000"
fi
masters=0 attached=
all=$(awk '$1 == "master" { print $2 }' "$B/devices")
for dev in $all; do
	translated "$dev"
	masters=$((masters + 1))
	client "$dev" domain >/dev/null
	if [ "$client_said" != "paging 0" ]; then
		does "$dev" gattach 0
		attached="$attached $dev"
	fi
	does "$dev" read 0 0x10000 64
	denied permission "$dev" fill 0 0x10000 64 1
	denied permission "$dev" read 0 0x20000 64
	does "$dev" fill 0 0x20000 64 1
	does "$dev" read 0 0x30000 64
	does "$dev" fill 0 0x30000 64 1
	if [ "$1" != some ]; then
		denied permission "$dev" read 0 0x40000 64
		denied permission "$dev" fill 0 0x40000 64 1
	fi
done
equal "masters" $masters 4
# Those that are left go on using the domain.
for dev in $attached; do
	does "$dev" read 0 0x10000 64
	does "$dev" gdetach 0
done
for iova in $pages; do
	says 4096 - unmap 0 $iova 0x1000
done
does - free 0
drop_buffers
