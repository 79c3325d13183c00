# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A table made by hand is walked for each client of its swgroup, and no other client. A changed
# entry shows when both caches are flushed, and a register write when it has arrived.

. /stories/lib/probe.sh
# The ports of this story are clients.
hw_port() { echo "$1"; }
hw_logs_ports=true

probe_start
does - buf 2 2
refute "it translates" hw_translates 0
hw_leave_on 0 2 "$p0" "$p1"
check "it translates" hw_translates 0
equal "its table" "$(hw_table 0)" "$(printf '0x%08x' "$(client - bphys 2 0)")"

for client in $hw_first_clients; do
	probe 0 "$client" r 0x00000000 "$p0 translated"
	probe 0 "$client" w 0x00001000 "$p1 translated"
	probe 0 "$client" r 0x00002000 denied
	probe 0 "$client" r 0x40000000 denied
done
for client in $hw_joiner_clients; do
	probe 0 "$client" r "$p2" "$p2 passed"
done
# Another instance is off.
probe 1 1 r "$p2" "$p2 passed"
probed

# A client whose bit is not set.
enable=$(hw_read 0 0x228)
hw_write 0 0x228 $((enable & ~8))
probe 0 3 r "$p2" "$p2 passed"
probe 0 1 r 0x00000000 "$p0 translated"
hw_write 0 0x228 "$enable"
probe 0 3 r 0x00000000 "$p0 translated"
probed

# One flush alone is not enough, nor are both in the wrong order.
put_word 2 4096 $((0xe0000000 | p2 >> 12))
probe 0 1 r 0x00000000 "$p0 translated"
hw_write 0 0x030 0
probe 0 1 r 0x00000000 "$p0 translated"
hw_write 0 0x034 $(($(client - bphys 2 4096) | 1))
probe 0 1 r 0x00000000 "$p0 translated"
hw_write 0 0x030 0
probe 0 1 r 0x00000000 "$p2 translated"
probed

# Two accesses overtake the write that turns the swgroup off.
knob 0 posted 2
hw_write 0 $hw_swgroup 0
probe 0 1 r 0x00000000 "$p2 translated"
probe 0 1 r 0x00000000 "$p2 translated"
probe 0 1 r "$p3" "$p3 passed"
probed
probe_knobs

hw_leave_off 0
probe_end
does - bfree 2
