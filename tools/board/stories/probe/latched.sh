# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A boot loader left an instance translating, with its interrupt enabled, and a
# device has faulted before the driver is probed. The driver acknowledges the
# fault before it requests the line: no interrupt is unhandled, and the device's
# next access is denied instead of hanging.

check "a device" overlay_apply codec
wait_for "the device" 5 usable_at 1c0e000
M=$(master 1c0e000)
buffers 1
does - buf 2 8
# The device is wired to the instance that is added later.
echo "1 1 0" >"$B/wiring"
hw_leave_on 1 2 "$(client - bphys 0 0)"
poke 0x030e0100 0x3003f
mark 1
refuses "$M" read 0 0x5000 64
refute "a fault is latched" test "$(reg 1 0x108)" = 0x00000000
delivered=$(board_stat irq_delivered)
check "the instance" overlay_apply instance
wait_for "the instance is bound" 5 bound "$(instance 30e0000)"
check "interrupts of one fault: $(($(board_stat irq_delivered) - delivered))" \
	test $(($(board_stat irq_delivered) - delivered)) -lt 10
check "no interrupt was unhandled" log_lacks 'nobody cared|Disabling IRQ'
equal "latched faults" "$(reg 1 0x108)" 0x00000000
denied '' "$M" read 0 0x0 64
equal "latched faults" "$(reg 1 0x108)" 0x00000000
sealed 1

check "the instance is removed" overlay_remove last
equal "interrupts that it may raise" "$(reg 1 0x100)" 0x00000000
oracle_ignore "^iommu1_(clock|reset)"
echo "1 0 3" >"$B/wiring"
check "the device is removed" overlay_remove all
left_denying 0
drop_buffers
