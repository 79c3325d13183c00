# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# An instance is removed together with its masters, and added again. As in the story
# gone, no access is untranslated.

for round in 1 2 3; do
	check "they come" overlay_apply instance-masters
	wait_for "a master" 5 usable_at 2001000
	wait_for "another master" 5 usable_at 2002000
	M=$(master 2001000)
	other=$(master 2002000)
	does "$M" alloc 0
	does "$M" gattach 0
	# On hardware where each master has its own group.
	[ "$(client "$other" domain)" = "paging 0" ] || does "$other" gattach 0
	buffers 16
	does - buf 2 16
	does - map 0 0x100000 0 0 0x10000 r
	does - map 0 0x200000 1 0 0x10000 w
	does - map 0 0x300000 2 0 0x10000 w
	mark 1
	does "$M" load start 0 0x100000 1 0x200000 0x10000
	does "$other" load start 0 0x100000 2 0x300000 0x10000
	wait_for "one copies" 5 copies "$M" 0
	wait_for "the other copies" 5 copies "$other" 0
	check "they go" overlay_remove all
	check "the instance is gone" gone 30e0000
	sealed 1
	says "$(client - bphys 1 0x1000)" - phys 0 0x201000
	says 65536 - unmap 0 0x200000 0x10000
	does - free 0
	drop_buffers
done
