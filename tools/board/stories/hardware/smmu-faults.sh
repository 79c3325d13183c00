# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The first fault is latched with both of its bits and raises the line of the memory controller. A
# second one is lost, until the bits of the first have been cleared.

. /stories/lib/probe.sh

M=$probe_dev
line() {
	read -r _ level <"$B/iommu0/line"
	echo "$level"
}
# latched STATUS ADDRESS: checks the registers of the fault
latched() {
	equal "MC_INTSTATUS" "$(hw_read 0 0x000)" 0x00000440
	equal "MC_ERR_STATUS" "$(hw_read 0 0x008)" "$1"
	equal "MC_ERR_ADR" "$(hw_read 0 0x00c)" "$2"
}
acknowledge() {
	hw_write 0 0x000 0x440
	equal "MC_INTSTATUS" "$(hw_read 0 0x000)" 0x00000000
	equal "the line" "$(line)" 0
}

probe_start
does - buf 2 2
hw_leave_on 0 2 "$p0" "$p1"
# The page at 0x2000 is read-only.
put_word 2 4104 $((0xa0000000 | p2 >> 12))
hw_write 0 0x004 0x440
mark 0 2

echo "$probe_engine 0 5" >"$B/wiring"
denied no-table "$M" read 0 0x40500124 4
latched 0x60000005 0x40500124
equal "the line" "$(line)" 1
denied no-page "$M" read 0 0x3000 4
latched 0x60000005 0x40500124
equal "faults latched" "$(counter 0 faults_latched)" 1
equal "faults lost" "$(counter 0 faults_lost)" 1
equal "faults of the client" "$(report 0 faulted_5)" 2

# The line follows the mask. One of the two bits keeps the fault, and the line up.
hw_write 0 0x004 0
equal "the line, masked" "$(line)" 0
hw_write 0 0x004 0x440
equal "the line" "$(line)" 1
hw_write 0 0x000 0x400
equal "the line" "$(line)" 1
acknowledge

echo "$probe_engine 0 16" >"$B/wiring"
does "$M" read 0 0x2ffc 4
denied permission "$M" fill 0 0x2ffc 4 0
latched 0x6a010010 0x00002ffc
acknowledge
# With 34 bits of address, each GiB of four has an ASID of its own in the register. All are 0 here.
case $soc in
t124 | t210)
	does "$M" read 0 0x200002000 4
	denied no-page "$M" read 0 0x200003000 4
	latched 0x60200010 0x00003000
	;;
*)
	denied no-table "$M" read 0 0x200002000 4
	latched 0x60000010 0x00002000
	;;
esac
acknowledge
equal "interrupts" "$(board_stat irq_delivered)" 0

hw_leave_off 0
probe_knobs
probe_end
does - bfree 2
