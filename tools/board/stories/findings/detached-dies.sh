# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A domain that is not attached can be changed. detached-dies:map, before the first attach;
# detached-dies:unmap, after the last detach.
. /stories/lib/findings.sh
finding 43 "$1"
fresh
buffers 1
case $1 in
map)
	crashes "map in a domain that was never attached"
	show "map in a domain that was never attached" "$(answer - map "$D" 0x100000 0 0 0x1000 rw)" - 0
	does "$M" gattach "$D"
	show "a read through it once attached" "$(answer "$M" read 0 0x100000 64)" - "0 bytes 64"
	does - unmap "$D" 0x100000 0x1000
	does "$M" gdetach "$D"
	;;
unmap)
	does "$M" gattach "$D"
	does - map "$D" 0x100000 0 0 0x1000 rw
	does "$M" gdetach "$D"
	crashes "unmap in a domain that is attached no more"
	show "unmap in a domain that is attached no more" "$(answer - unmap "$D" 0x100000 0x1000)" - "0 4096"
	;;
esac
does - free "$D"
drop_buffers
shown
