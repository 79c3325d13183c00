# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Three faults for one interrupt, and many faults in a row.
. /stories/lib/findings.sh
if [ "${1:-}" = locks ]; then
	# The driver must call the fault handler of a domain without a lock that map and
	# unmap need. The client's handler takes a lock, and lockdep records the locks that
	# are held then. (The client's commands take the same lock, under its own mutex.)
	finding 16 locks
	[ -r /proc/lockdep ] || skip "this image has no lockdep"
	check "lockdep is alive" grep -q 'debug_locks: *1' /proc/lockdep_stats
	attached
	does - handler "$D" on
	does - faults clear
	client "$M" read 0 0x100000 64 >/dev/null
	show "faults that the owner heard of" "$(handled)" 1 1
	show "locks held while it is told" "$(awk '
		/^[0-9a-f]/ { class = $NF }
		/^ -> / && $NF == "fault_lock" && class != "&global.lock" { printf "%s%s", n++ ? " " : "", class }
		END { if (!n) print "none" }' /proc/lockdep)" "*iommu_lock*" none
	left
	shown
	return
fi
finding 16
attached
other=$(master 1c0e000)
third=$(master 1c00000)
does - buf 0 2
does - map "$D" 0x100000 0 0 0x1000 w
does - handler "$D" on
does - faults clear
mark 0 2
echo 1 >"$B/hold_irq"
client "$M" read 0 0x180000 64 >/tmp/first &
client "$other" read 0 0x100000 64 >/tmp/second &
client "$third" read 0 0x900000 64 >/tmp/third &
latched() { [ "$(counter 0 faults_latched)" = 3 ]; }
wait_for "three faults" 5 latched
echo 0 >"$B/hold_irq"
wait
show "faults latched" "$(counter 0 faults_latched)" 3 3
show "faults that the owner heard of" "$(handled)" 1 3
does - faults clear
# The log is limited to ten lines in five seconds. After six seconds, these faults have
# lines again.
sleep 6
before=$(fault_lines)
does "$M" faultrate 0x180000 1000 200
accesses=$(said faults) took=$(said ms)
lines=$(($(fault_lines) - before))
show "faults, of 200 accesses" "$accesses" 200 200
show "faults that the owner heard of, of those" "$([ "$(handled)" = "$accesses" ] && echo all || handled)" all all
show "lines in the log for $accesses faults" $lines "$accesses" "*"
show "at most 10 lines in five seconds" "$(at_most $lines $((10 + took / 500)))" no yes
does - unmap "$D" 0x100000 0x1000
left
drop_buffers
shown
