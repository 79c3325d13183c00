# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A display scans out memory that is not mapped, up to 25000 times a second, on a
# machine with one CPU. After 160 interrupts in 10 ms, the crate disables the interrupt
# for 10 ms, on a machine of any speed. The progress of a process meanwhile is recorded.

# The process whose progress is recorded: a loop that counts until the scan ends.
count_until() {
	local n=0
	while [ ! -e "$1" ]; do
		n=$((n + 1))
	done
	echo $n
}

# scan MS: scans, while the process counts
scan() {
	rm -f /tmp/ended
	count_until /tmp/ended >/tmp/counted &
	echo "0 0 $2 40 $1" >"$B/scanout"
	: >/tmp/ended
	wait
}

begin
buffers 1
does - map 0 0x1000 0 0 0x1000 r
mark 0 2

# For comparison: the same rate without faults.
scan 1000 0x1000
record scanout_mapped "\"$(cat "$B/scanout") counted $(cat /tmp/counted)\""
check "accesses are let through" test "$(awk '{ print $4 }' "$B/scanout")" -gt 0

before=$(board_stat irq_delivered)
read -r start _ </proc/uptime
scan 1000 0x90000000
read -r end _ </proc/uptime
delivered=$(($(board_stat irq_delivered) - before))
record scanout_unmapped "\"$(cat "$B/scanout") interrupts $delivered counted $(cat /tmp/counted)\""
equal "accesses that are let through" "$(awk '{ print $4 }' "$B/scanout")" 0
check "there are interrupts" test $delivered -gt 0
# /proc/uptime has hundredths of a second, and the 10 ms windows start at any time.
ms=$((10 * (${end%.*}${end#*.} - ${start%.*}${start#*.})))
check "interrupts in $ms ms: $delivered" test $delivered -le $((160 * (ms / 10 + 2)))

# The line is enabled again: the next fault is reported.
does - handler 0 on
does - faults clear
denied '' "$M" read 0 0x91000000 64
does - faults clear
says 4096 - unmap 0 0x1000 0x1000
finish
