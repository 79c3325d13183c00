# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox disable=SC2034 # what stories use
# DART's part of the stories: registers, knobs, and the differences between the
# kinds.

case $soc in t8103 | usb4 | t6000 | t8112 | t6020) ;; *) return 0 ;; esac

# Registers of stream 1, which is that of the board's first master.
case $soc in
t8112 | t6020) hw_tcr=0x1004 hw_ttbr=0x1404 hw_on=0x1 ;;
usb4) hw_tcr=0x104 hw_ttbr=0x410 hw_on=0x80 ;;
*) hw_tcr=0x104 hw_ttbr=0x210 hw_on=0x80 ;;
esac

# A DART has to deny accesses, so it is never switched off.
hw_rests() { :; }
hw_untouched() { equal "registers touched without power" "$(counter "$1" unpowered_accesses)" 0; }

# The register of the first DART by which a boot loader locks it, and its value.
case $soc in
t8112 | t6020) hw_lock="0x030f0200 1" ;;
*) hw_lock="0x030f0060 0x8000" ;;
esac

# Whether the block can mask faults, and masking them: hw_mask_faults IOMMU 0|1
case $soc in t8112 | t6020) hw_masks_faults=true ;; *) hw_masks_faults=false ;; esac
hw_mask_faults() {
	! $hw_masks_faults || poke "$(hw_base "$1" 0x104)" $(($2 * 0xffffffff))
}

# hw_leave_faulting IOMMU STREAM: enables translation of a stream without a table, as a
# boot loader may leave it, so each of its accesses faults. hw_rest_stream denies it again.
hw_base() { printf '0x%08x' $((0x030f0000 - 0x10000 * $1 + $2)); }
case $soc in
t8112 | t6020)
	hw_leave_faulting() {
		oracle_ignore "iommu$1_misuse_translation_without_ttbr"
		poke "$(hw_base "$1" 0xc00)" 0xffff
		poke "$(hw_base "$1" $((0x1000 + 4 * $2)))" 1
	}
	hw_rest_stream() { poke "$(hw_base "$1" $((0x1000 + 4 * $2)))" 0; }
	hw_error=0x100 hw_error_bits=0xe0007fff
	;;
*)
	hw_leave_faulting() {
		oracle_ignore "iommu$1_misuse_translation_without_ttbr"
		[ $soc = usb4 ] || poke "$(hw_base "$1" 0xfc)" 0xffff
		[ $soc != usb4 ] || poke "$(hw_base "$1" 0xf8)" 0xffff
		poke "$(hw_base "$1" $((0x100 + 4 * $2)))" 0x80
	}
	hw_rest_stream() { poke "$(hw_base "$1" $((0x100 + 4 * $2)))" 0; }
	hw_error=0x040 hw_error_bits=0x80000bff
	;;
esac

# acknowledged IOMMU: no fault is latched, so the IOMMU does not raise its line.
acknowledged() {
	local error
	error=$(reg "$1" $hw_error)
	[ $((${error:-0} & hw_error_bits)) = 0 ]
}

# Prints the number of interrupts that no handler has claimed.
unhandled() { cat /proc/irq/*/spurious | awk '$1 == "unhandled" { n += $2 } END { print n + 0 }'; }

# The last page of the address space.
case $soc in
t6020) hw_last=0x3ffffffc000 ;;
t8112) hw_last=0xfffffc000 ;;
t6000) hw_last=0xffffc000 ;;
esac

# Pages of 16 KiB are larger than the kernel's.
case $soc in t6000 | t8112 | t6020) hw_passes_only=true ;; esac

# DARTs walk tables coherently. io-pgtable warns if a page is mapped twice, and frees
# all tables together with the domain.
hw_maps_tables=false
hw_bears_misuse=false
hw_keeps_tables=true

# A physical address that an entry cannot hold.
hw_beyond=0x1000000000

# The C driver, and the board's module with it.
hw_c_driver=apple-dart hw_c_module=c_apple_dart

# The number of streams, the first master's stream, an overlay with another master of its
# group, and that master's own stream.
case $soc in usb4) hw_streams=64 ;; *) hw_streams=16 ;; esac
hw_first_port=1 hw_joiner=partner hw_joiner_port=2
hw_joiner_gone() { :; }
hw_last_regs() { :; }
# Makes a DART one without bypass, from its next reset on: hw_no_bypass N 0|1
hw_no_bypass() { knob "$1" no_bypass "$2"; }

# The register file does not list registers of a stream that are 0.
hw_translates() {
	local tcr
	tcr=$(reg "$1" $hw_tcr)
	[ $((${tcr:-0} & hw_on)) != 0 ]
}
hw_table() { reg "$1" $hw_ttbr; }

# From now on commands do not complete, or complete again.
# A driver cannot stop a command that does not end. To recover, it starts another one.
hw_stick() {
	oracle_ignore "iommu$1_misuse_command_while_busy"
	knob "$1" stuck 1
}
hw_unstick() { knob "$1" stuck 0; }

# The line of the C driver: fault_line DEV IOVA
if [ "$driver" = c ]; then
	fault_line() { printf 'translation fault: .* at 0x%x' "$2"; }
fi
