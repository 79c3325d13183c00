# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Tables that have become empty are given back.
. /stories/finding-lib.sh
finding 25
attached
does - buf 0 1
pa=$(answer - bphys 0 0 | cut -d' ' -f2)
before=$(tables)
i=1
while [ $i -le 128 ]; do
	does - mapp "$D" $((i << 20)) "$pa" 0x1000 rw
	does - unmap "$D" $((i << 20)) 0x1000
	i=$((i + 1))
done
kept=$(($(tables) - before))
show "64 tables or more are kept of 128, all empty" "$(at_least $kept 64)" yes no
show "table objects kept" $kept "[1-9]*" "[01]"
left
drop_buffers
shown
