# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Freeing a domain frees its tables.
. /stories/lib/findings.sh
finding 7
translated "$M"
does - buf 0 1
pa=$(answer - bphys 0 0 | cut -d' ' -f2)
before=$(tables)
does "$M" alloc 0
does "$M" gattach 0
i=1
while [ $i -le 64 ]; do
	does - mapp 0 $((i << 20)) "$pa" 0x1000 rw
	i=$((i + 1))
done
i=1
while [ $i -le 64 ]; do
	does - unmap 0 $((i << 20)) 0x1000
	i=$((i + 1))
done
does "$M" gdetach 0
does - free 0
left_over=$(($(tables) - before))
show "64 tables or more are left of a domain that had 64" "$(at_least $left_over 64)" yes no
show "table objects left" $left_over "[1-9]*" 0
drop_buffers
shown
