# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The TLB stops answering, and the hardware loses its registers in a system sleep
# meanwhile. The log has one line about that, and translated accesses are denied until
# the TLB answers. stuck-sleep:KIND

can_sleep "$1"
timeouts() { log_count 'invalidation timed out'; }
begin
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does - map 0 0x2000 0 0 0x1000 rw
does - map 0 0x3000 0 0 0x1000 rw
does "$M" read 0 0x1000 64
mark 0 $hw_first_port
hw_stick 0
says 4096 - unmap 0 0x1000 0x1000
equal "lines" "$(timeouts)" 1
lose_once
says 4096 - unmap 0 0x2000 0x1000
equal "lines after the sleep" "$(timeouts)" 1
denied '' "$M" read 0 0x3000 64
hw_unstick 0
says 4096 - unmap 0 0x3000 0x1000
denied no- "$M" read 0 0x3000 64
equal "lines after the last unmap" "$(timeouts)" 1
sealed 0
finish
