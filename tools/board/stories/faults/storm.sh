# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# 10 000 faulting accesses a second for two seconds, or as many in a longer time on a
# slow machine. Every fault is counted, the log stays readable, and another master's
# copies continue.

M=$(first_master)
other=$(awk '$1 == "master" { print $2 }' "$B/devices" | tail -n 1)
translated "$M"
translated "$other"
does "$M" alloc 0
does "$M" gattach 0
buffers 16
does - map 0 0x100000 0 0 0x10000 r
does - map 0 0x200000 1 0 0x10000 w
does - handler 0 on
does - faults clear
mark 0 2
does "$other" load start 0 0x100000 1 0x200000 0x10000
does "$M" faultrate 0x90000000 10000 2000
accesses=$(said accesses) took=$(said ms)
equal "faulting accesses" "$accesses" 20000
equal "faults seen by the device" "$(said faults)" "$accesses"
equal "accesses that hang" "$(said stuck)" 0
does "$other" load stop
equal "errors of the other master" "$(said errors)" 0
check "its copies went on" test "$(said passes)" -gt 20
copies=$(said passes)
latched=$(counter 0 faults_latched)
# The interrupt may be disabled for some time when the last fault occurs.
told() { does - faults && [ "$(said count)" -ge "$latched" ]; }
wait_for "the last fault is told" 1 told
does - faults clear
equal "faults told, and latched" "$(said count)" "$latched"
equal "faults latched, and seen" "$latched" "$accesses"
equal "faults lost" "$(counter 0 faults_lost)" 0
lines=$(log_count '0x90000000')
# The limit is ten lines in any five seconds.
check "lines in the log: $lines" test "$lines" -ge 1 -a "$lines" -le $((took / 500 + 20))
record storm_faults "$accesses"
record storm_ms "$took"
record storm_lines "$lines"
record storm_copies "$copies"
says 65536 - unmap 0 0x100000 0x10000
says 65536 - unmap 0 0x200000 0x10000
does "$M" gdetach 0
does - free 0
drop_buffers
