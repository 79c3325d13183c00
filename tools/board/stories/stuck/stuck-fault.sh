# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A command of the fault handler does not complete. The next invalidation does not start
# another one while that runs: it invalidates everything instead.

begin
buffers 1
for at in 0x1000 0x2000; do
	does - map 0 $at 0 0 0x1000 rw
	does "$M" read 0 $at 64
done
mark 0
knob 0 stuck_tlb_ivld 1
denied no- "$M" read 0 0x3000 64
says 4096 - unmap 0 0x1000 0x1000
denied no- "$M" read 0 0x1000 64
does "$M" read 0 0x2000 64
knob 0 stuck_tlb_ivld 0
says 4096 - unmap 0 0x2000 0x1000
denied no- "$M" read 0 0x2000 64
sealed 0
finish
