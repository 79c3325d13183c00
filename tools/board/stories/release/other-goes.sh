# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master is behind two DARTs, one of which is removed while the master copies through
# either. The master is unbound first, and its domain keeps its mappings.
# other-goes[:reversed]: reversed: the removed DART is named first.

check "a DART and its master come" adopt instance-named "both${1:+-$1}"
for way in "4 0 2" "4 1 0"; do
	wait_for "the master" 5 usable_at 2001000
	M=$(master 2001000)
	echo "$way" >"$B/wiring"
	begin "$M"
	buffers 16
	does - map 0 0x100000 0 0 0x10000 r
	does - map 0 0x200000 1 0 0x10000 w
	mark 0
	mark 1
	does "$M" load start 0 0x100000 1 0x200000 0x10000
	wait_for "it copies" 5 copies "$M" 0
	check "one goes" overlay_remove "$adopter"
	check "it is gone" gone 30e0000
	refute "the master has its driver still" bound "$M"
	sealed 0
	sealed 1
	says "$(client - bphys 0 0)" - phys 0 0x100000
	says 65536 - unmap 0 0x100000 0x10000
	says 65536 - unmap 0 0x200000 0x10000
	does - free 0
	drop_buffers
	check "the master goes" overlay_remove all
	[ "$way" = "4 1 0" ] || check "both come again" adopt instance-named "both${1:+-$1}"
done
echo "4 1 0" >"$B/wiring"

# The remaining DART works for other masters.
begin "$(first_master)"
buffers 1
does - map 0 0x1000 0 0 0x1000 r
does "$M" read 0 0x1000 64
finish
