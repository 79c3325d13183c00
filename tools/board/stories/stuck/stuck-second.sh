# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A second event occurs while an invalidation is outstanding: an attach of another domain
# fails, a page of another domain is unmapped, or another page of this one. The unmapped
# page stays out of reach in each case. Only when an invalidation of this domain
# completes, the master is translated again, and only for mapped pages.

begin
does "$M" alloc 1
buffers 4
does - map 0 0x100000 0 0 0x4000 rw
does - map 1 0x300000 1 0 0x4000 rw
does "$M" read 0 0x100000 0x4000
mark 0

# shut: checks that the master reaches no page of either domain.
shut() {
	for iova in 0x100000 0x101000 0x102000 0x103000 0x300000; do
		denied '' "$M" read 0 $iova 64
	done
}

hw_stick 0
says 4096 - unmap 0 0x101000 0x1000
equal "lines in the log" "$(log_count 'denied until one succeeds')" 1
shut

# An attach fails while the hardware hangs.
refuses "$M" replace 1
note "refused: $client_errno"
says "paging 0" "$M" domain
shut

# A page of the other domain is unmapped, while the hardware hangs and afterwards.
says 4096 - unmap 1 0x301000 0x1000
shut
hw_unstick 0
shut
says 4096 - unmap 1 0x302000 0x1000
does - map 1 0x301000 1 0x1000 0x1000 rw
shut

# Another page of this domain is unmapped while the hardware hangs again: one stall, one line.
hw_stick 0
says 4096 - unmap 0 0x102000 0x1000
shut
equal "lines in the log" "$(log_count 'denied until one succeeds')" 1
hw_unstick 0

# A change of this domain ends the stall.
does - map 0 0x200000 1 0 0x1000 rw
does "$M" read 0 0x200000 64
does "$M" read 0 0x100000 64
does "$M" read 0 0x103000 64
denied no- "$M" read 0 0x101000 64
denied no- "$M" read 0 0x102000 64
denied no- "$M" read 0 0x300000 64
does "$M" replace 1
does "$M" read 0 0x300000 64
denied no- "$M" read 0 0x100000 64
denied no- "$M" read 0 0x302000 64
sealed 0
does "$M" detach 1
does - free 1
does - free 0
drop_buffers
