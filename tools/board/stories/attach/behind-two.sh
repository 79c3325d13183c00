# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master behind two DARTs, with a different stream at each: pages are mapped and
# unmapped at both. A domain for one of them is refused, and its own by a master behind one.
# behind-two[:reversed]: which DART is named first. With the C driver, both are in the board's tree, and
# invalidations do not hang (findings 28 and 29).

# through N: the master's accesses pass the first DART (0) or the second (1).
through() { [ "$1" = 0 ] && echo "4 0 2" >"$B/wiring" || echo "4 1 0" >"$B/wiring"; }

if [ "$driver" = c ]; then
	oracle_off "the C driver leaves its hardware on"
	check "a master comes" overlay_apply "both-there${1:+-$1}"
else
	check "a DART and its master come" adopt instance-named "both${1:+-$1}"
fi
wait_for "the master" 5 usable_at 2001000
M=$(master 2001000)
begin "$M"
does "$M" alloc 1
one=$(first_master)
does "$one" alloc 2
fails -22 "$M" replace 2
says "paging 0" "$M" domain
fails -22 "$one" attach 0
says identity "$one" domain
does - free 2
buffers 4
does - map 0 0x100000 0 0 0x4000 r
does - map 0 0x200000 1 0 0x4000 w
does - map 1 0x300000 0 0 0x4000 r
mark 0
mark 1
for way in 0 1; do
	through $way
	does - set 1 0 0x4000 0
	does "$M" copy 0 0x100000 0x200000 0x4000
	does - cmp 0 0 0x4000 1 0
done
says 4096 - unmap 0 0x101000 0x1000
for way in 1 0; do
	through $way
	denied no- "$M" read 0 0x101000 64
	does "$M" read 0 0x102000 64
done

stalls="0 1"
[ "$driver" = rust ] || stalls=
# If one DART does not finish the invalidation, the other one drops the page all the same.
for stuck in $stalls; do
	page=$([ $stuck = 0 ] && echo 0x100000 || echo 0x103000)
	for way in 0 1; do
		through $way
		does "$M" read 0 $page 64
	done
	hw_stick $stuck
	says 4096 - unmap 0 $page 0x1000
	through $((1 - stuck))
	denied no- "$M" read 0 $page 64
	does "$M" read 0 0x102000 64
	through $stuck
	denied '' "$M" read 0 $page 64
	hw_unstick $stuck
	does - map 0 0x400000 0 0 0x1000 r
	does "$M" read 0 0x102000 64
	denied no- "$M" read 0 $page 64
	says 4096 - unmap 0 0x400000 0x1000
done

# If one DART refuses the other domain, neither gets it.
for stuck in $stalls; do
	hw_stick $stuck
	refuses "$M" replace 1
	note "refused: $client_errno"
	hw_unstick $stuck
	says "paging 0" "$M" domain
	for way in 0 1; do
		through $way
		does "$M" read 0 0x102000 64
		denied no- "$M" read 0 0x300000 64
	done
done
does "$M" replace 1
for way in 0 1; do
	through $way
	does "$M" read 0 0x300000 64
	denied no- "$M" read 0 0x102000 64
done
sealed 0
sealed 1
does "$M" detach 1
for way in 0 1; do
	through $way
	does "$M" read 0 "$(client - bphys 0 0)" 64
done
does - free 1
does - free 0
drop_buffers
through 1
check "they go" overlay_remove all
