# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two masters of a group are attached to another domain. For the first, the hardware finishes
# two flushes and hangs at the third, so it is attached and denied; the second must not be
# refused then. Both are in the new domain, and reach it when the hardware answers again.

two_of_a_group
does "$M" alloc 0
does "$M" alloc 1
does "$M" gattach 0
buffers 2
does - map 0 0x100000 0 0 0x1000 rw
does - map 1 0x300000 1 0 0x1000 rw
mark 0
knob 0 good_flushes 2
hw_stick 0
does "$M" replace 1
says "paging 1" "$M" domain
for dev in "$M" "$other"; do
	for page in 0x100000 0x300000; do
		denied '' "$dev" read 0 $page 64
	done
done
hw_unstick 0
does - map 1 0x310000 1 0 0x1000 rw
for dev in "$M" "$other"; do
	does "$dev" read 0 0x300000 64
	denied no- "$dev" read 0 0x100000 64
done
sealed 0
does "$M" gdetach 1
does - free 0
does - free 1
drop_buffers
