# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Further events occur while the TLB of a DART does not answer after an unmap: an attach,
# a master that joins the group, an unmap in another domain. None of them makes the
# unmapped page reachable. Each time the TLB stops answering, the log has one line, even
# if the domain was detached meanwhile.

timeouts() { log_count 'invalidation timed out'; }

begin
check "another master" overlay_apply codec
wait_for "it" 5 usable_at 1c0e000
O=$(master 1c0e000)
does "$O" alloc 1
does "$O" attach 1
does "$M" alloc 2
buffers 4
does - map 0 0x100000 0 0 0x4000 rw
does - map 1 0x200000 1 0 0x4000 rw
does - map 2 0x300000 0 0 0x4000 rw
does "$M" read 0 0x100000 0x4000
does "$O" read 0 0x200000 0x4000
mark 0

hw_stick 0
says 4096 - unmap 0 0x101000 0x1000
equal "lines" "$(timeouts)" 1
denied "" "$M" read 0 0x101000 64
does "$O" read 0 0x200000 64

# An attach fails, and is rolled back.
refuses "$M" replace 2
says "paging 0" "$M" domain
denied "" "$M" read 0 0x101000 64
denied "" "$M" read 0 0x100000 64

# A master joins with the same stream, and is attached to the same domain.
check "a sharer" overlay_apply sharer-too
check "it is in the group" has_group "$(master 2002000)"
denied "" "$M" read 0 0x101000 64

# A page of the other domain is unmapped during the same stall.
says 4096 - unmap 1 0x201000 0x1000
denied "" "$O" read 0 0x201000 64
denied "" "$M" read 0 0x101000 64
equal "lines" "$(timeouts)" 1
sealed 0
hw_unstick 0

# Each master is allowed again by the next change of its own domain.
does - map 1 0x280000 1 0 0x1000 r
does "$O" read 0 0x200000 64
denied no- "$O" read 0 0x201000 64
denied "" "$M" read 0 0x101000 64
does - map 0 0x180000 0 0 0x1000 r
does "$M" read 0 0x100000 64
denied no- "$M" read 0 0x101000 64
check "the sharer goes" overlay_remove last

# A detach ends the next stall, so the third one is reported as a new one.
hw_stick 0
says 4096 - unmap 0 0x102000 0x1000
equal "lines" "$(timeouts)" 2
hw_unstick 0
does "$M" detach 0
does "$M" attach 0
does "$M" read 0 0x100000 64
hw_stick 0
says 4096 - unmap 0 0x103000 0x1000
equal "lines" "$(timeouts)" 3
denied "" "$M" read 0 0x103000 64
hw_unstick 0
sealed 0

# A domain is detached while the TLB does not answer: one line, and its tables stay.

hw_stick 0
does "$M" detach 0
equal "lines" "$(timeouts)" 3
hw_unstick 0
does "$O" detach 1
for d in 0 1 2; do
	does - free $d
done
drop_buffers
check "the other goes" overlay_remove all
