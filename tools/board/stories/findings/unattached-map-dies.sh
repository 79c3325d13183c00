# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Mapping before the first attach is legal.
. /stories/lib/findings.sh
finding 9
translated "$M"
does - buf 0 1
does "$M" alloc 0
crashes "map in a domain that was never attached"
show "map in a domain that was never attached" "$(answer - map 0 0x100000 0 0 0x1000 rw)" - 0
does "$M" gattach 0
show "a read through it once attached" "$(answer "$M" read 0 0x100000 64)" - "0 bytes 64"
show "unmap" "$(answer - unmap 0 0x100000 0x1000)" - "0 4096"
does "$M" gdetach 0
does - free 0
drop_buffers
shown
