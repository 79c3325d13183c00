# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# System sleep while a master keeps faulting: each interrupt is acknowledged by a
# handler, and the line works afterwards. The faulting stream belongs to no master that
# the driver knows, as a boot loader could leave it. sleep-fault:KIND

can_sleep "$1"
M=$(first_master)
translated "$M"
buffers 1
echo "0 0 2" >"$B/wiring"
hw_leave_faulting 0 2
does "$M" load start 0 0x900000 1 0xa00000 0x1000
does "$M" load keep
wait_for "it faults" 5 denied_load "$M"
before=$(unhandled)
mark 0 2
sleep_once
equal "interrupts without a handler" "$(unhandled)" "$before"
check "faults were latched" test "$(counter 0 faults_latched)" -gt 0
equal "registers touched without power" "$(counter 0 unpowered_accesses)" 0

# The driver has denied that stream when it initialized the DART after the sleep.
denied blocked "$M" read 0 0x900000 64
mark 0 2
hw_leave_faulting 0 2
denied '' "$M" read 0 0x900000 64
wait_for "the line works" 5 acknowledged 0
equal "interrupts without a handler" "$(unhandled)" "$before"
does "$M" load stop
hw_rest_stream 0 2
echo "0 0 1" >"$B/wiring"
drop_buffers
