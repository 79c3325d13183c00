# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A fault is latched before the driver is loaded, as a boot loader or another kernel
# may leave it. No interrupt is unhandled, and the line works, also for the instance
# that shares it. pending-fault[:HOW]: the probe of the instance with the fault fails,
# because its TLB does not answer (stuck), or because it is locked (locked). With
# pending-fault:cause the flag of the fault has been acknowledged, but not its cause, which
# holds the line up alone.

oracle_ignore '^slab_ours'
oracle_off "the driver leaves blocks configured"
P=101c0e000.dma-master
check "a device" overlay_apply plain
wait_for "the device" 5 bound "$P"
buffers 1
echo "1 0 2" >"$B/wiring"
hw_leave_faulting 0 2
# The other one's faults are masked, as by a driver that was unbound.
hw_mask_faults 0 0
hw_mask_faults 1 1
mark 0 2
denied '' "$P" read 0 0x900000 64
refute "a fault is latched" acknowledged 0
before=$(unhandled)
# shellcheck disable=SC2086 # an address and a value
case $1 in
stuck) hw_stick 0 ;;
locked) poke $hw_lock ;;
cause) poke "$(hw_base 0 $hw_error)" 0x80000000 ;;
esac
check "the driver is loaded" load_driver
I=$(first_instance)
check "the fault is acknowledged" acknowledged 0
if [ "${1:-cause}" != cause ]; then
	refute "the instance is refused" bound "$I"
	log_since | grep -F "$I: " | grep -v 'probe with driver' >/tmp/lines
	equal "lines of it" "$(wc -l </tmp/lines)" 1
	# The driver leaves a locked block alone, and has masked its faults if it can.
	if [ "$1" = locked ] && $hw_masks_faults; then
		denied '' "$P" read 0 0x900000 64
		check "a further fault does not raise its line" acknowledged 0
	fi
	first=1
else
	check "the instance is bound" bound "$I"
	first=0
fi
equal "interrupts without a handler" "$(unhandled)" "$before"

# The interrupt lines of the bound instances work.
for n in $(seq $first $(($(grep -c '^iommu ' "$B/devices") - 1))); do
	echo "1 $n 2" >"$B/wiring"
	hw_leave_faulting "$n" 2
	mark "$n" 2
	denied '' "$P" read 0 0x900000 64
	wait_for "the line of iommu$n works" 5 acknowledged "$n"
	equal "faults latched" "$(counter "$n" faults_latched)" 1
	hw_rest_stream "$n" 2
done
equal "interrupts without a handler" "$(unhandled)" "$before"
hw_unstick 0
echo "1 0 3" >"$B/wiring"
drop_buffers
overlay_remove all
