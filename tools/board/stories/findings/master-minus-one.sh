# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Faults whose register names no master, or the last master.
. /stories/lib/findings.sh
if [ "${1:-}" = lane ]; then
	finding 17 lane
	attached
	g2d=$(master 2000000)
	does - buf 0 1
	does - map "$D" 0x100000 0 0 0x1000 rw
	knob 0 stall 2
	show "a faulting read of master 6" "$(answer "$g2d" read 0 0x101000 64)" "-14 no-page read 0x101000" "-14 no-page read 0x101000"
	show "its next read, where lanes wait for their reset" "$(answer "$g2d" read 0 0x100000 64)" "-110" "0 bytes 64"
	show "master -1 in the log" "$(log_count 'master -1')" "[1-9]*" 0
	show "lanes that are still stalled" "$(counter 0 stalled_lanes)" 0x40 0x0
	knob 0 stall 0
else
	finding 17
	attached
	does - buf 0 1
	does - handler "$D" on
	does - map "$D" 0x100000 0 0 0x1000 rw
	does - faults clear
	knob 0 report_soft 1
	show "a read next to an unmapped page, which is read ahead" "$(answer "$M" read 0 0x100000 64)" "0 bytes 64" "0 bytes 64"
	show "faults that the owner heard of" "$(handled)" 1 0
	show "master -1 in the log" "$(log_count 'master -1')" 1 0
	knob 0 report_soft 0
fi
does - unmap "$D" 0x100000 0x1000
left
drop_buffers
shown
