# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# On hardware where a faulting master is stalled until its lane is reset, it continues
# after the fault was handled. Other masters never stop.

begin
buffers 1
knob 0 stall 2
does - map 0 0x5000 0 0 0x1000 r
for round in 1 2 3; do
	denied no-page "$M" read 0 0x7000 64
	does "$M" read 0 0x5000 64
	denied permission "$M" fill 0 0x5000 64 $round
	does "$M" read 0 0x5000 64
	denied no-table "$M" read 0 0x60000000 64
	does "$M" read 0 0x5000 64
done
knob 0 stall 0
says 4096 - unmap 0 0x5000 0x1000
finish
