# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Each time an invalidation does not complete, the log has a line. That also holds for
# the next time, after the first stall was ended by a later invalidation, by a detach,
# or by the blocked domain.

# stall IOVA: unmaps the page while the hardware hangs.
stall() {
	local before
	before=$(log_count 'denied until one succeeds')
	hw_stick 0
	says 4096 - unmap 0 "$1" 0x1000
	hw_unstick 0
	equal "lines about the page at $1" $(($(log_count 'denied until one succeeds') - before)) 1
	denied '' "$M" read 0 "$1" 64
}

begin
buffers 8
does - map 0 0x100000 0 0 0x8000 rw
does "$M" read 0 0x100000 0x8000
mark 0
stall 0x100000
does - map 0 0x200000 1 0 0x1000 rw
does "$M" read 0 0x101000 64
denied no- "$M" read 0 0x100000 64
stall 0x101000
does - map 0 0x201000 1 0x1000 0x1000 rw
does "$M" read 0 0x102000 0x6000
denied no- "$M" read 0 0x101000 64
stall 0x102000
sealed 0

# The domain is replaced by the default domain before the stall is over.
does "$M" detach 0
does "$M" attach 0
does "$M" read 0 0x103000 0x5000
mark 0
stall 0x103000

# The domain is replaced by the blocked domain meanwhile.
does "$M" block
does "$M" replace 0
does "$M" read 0 0x104000 0x4000
stall 0x104000

# The domain is replaced by another one.
does "$M" alloc 1
does "$M" replace 1
does "$M" replace 0
does "$M" read 0 0x105000 0x3000
stall 0x105000
does - map 0 0x202000 1 0x2000 0x1000 rw
for page in 0x100000 0x101000 0x102000 0x103000 0x104000 0x105000; do
	denied no- "$M" read 0 $page 64
done
does "$M" read 0 0x106000 0x2000
sealed 0
does "$M" detach 0
does - free 1
does - free 0
drop_buffers
