# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master is behind two DARTs, one of which refuses the other domain. Afterwards neither
# has a stream in that domain, so an unmap there stops no stream, although the hardware
# hangs. undo-streams[:reversed]: which DART is named first.

through() { [ "$1" = 0 ] && echo "4 0 2" >"$B/wiring" || echo "4 1 0" >"$B/wiring"; }

check "a DART and its master come" adopt instance-named "both${1:+-$1}"
wait_for "the master" 5 usable_at 2001000
begin "$(master 2001000)"
does "$M" alloc 1
buffers 4
does - map 0 0x100000 0 0 0x4000 r
does - map 1 0x300000 0 0 0x4000 r
mark 0
mark 1
for refusing in 0 1; do
	hw_stick $refusing
	refuses "$M" replace 1
	hw_unstick $refusing
	says "paging 0" "$M" domain
	lines=$(log_count 'denied until one succeeds')
	for way in 0 1; do
		hw_stick $way
		says 4096 - unmap 1 0x303000 0x1000
		equal "lines in the log" "$(log_count 'denied until one succeeds')" "$lines"
		hw_unstick $way
		does - map 1 0x303000 0 0x3000 0x1000 r
	done
	for way in 0 1; do
		through $way
		does "$M" read 0 0x100000 0x4000
		denied no- "$M" read 0 0x300000 64
	done
done

# The domain that the master is attached to has the streams.
does "$M" replace 1
for way in 0 1; do
	through $way
	does "$M" read 0 0x302000 0x2000
	hw_stick $way
	says 4096 - unmap 1 $((0x301000 + way * 0x1000)) 0x1000
	denied '' "$M" read 0 $((0x301000 + way * 0x1000)) 64
	denied '' "$M" read 0 0x303000 64
	# If one of the DARTs refuses a page, it is not mapped.
	refuses - map 1 0x500000 1 0 0x1000 r
	says 0x0 - phys 1 0x500000
	hw_unstick $way
	does - map 1 $((0x400000 + way * 0x1000)) 1 0 0x1000 r
	denied no- "$M" read 0 $((0x301000 + way * 0x1000)) 64
	does "$M" read 0 0x303000 64
done
sealed 0
sealed 1
does "$M" detach 1
does - free 1
does - free 0
drop_buffers
through 1
check "they go" overlay_remove all
