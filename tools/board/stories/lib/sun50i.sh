# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox disable=SC2034 # what stories use
# sun50i's part of the stories: registers, knobs, and the state that the C driver
# leaves behind (scripts/findings lists its findings, 1 to 24).

case $soc in h6 | h616) ;; *) return 0 ;; esac

# The C driver never turns the hardware off again (finding 4), and leaks second-level
# tables (7).
if [ "$driver" = c ]; then
	hw_leaves='^iommu[0-9]_clock|^iommu[0-9]_reset|^rpm_usage|^ref_dev'
fi

# The C driver, and the board's module with it.
hw_c_driver=sun50i-iommu hw_c_module=c_sun50i

hw_translates() { [ "$(reg "$1" 0x020)" = 0x00000001 ]; }
hw_table() { reg "$1" 0x050; }
# Checks that the hardware is off: without masters to translate for, its clock is off and it is in
# reset: hw_rests N
hw_off() { [ "$(count "iommu$1_clock")$(count "iommu$1_reset_asserted")" = 01 ]; }
hw_rests() { wait_for "iommu$1 is off" 3 hw_off "$1"; }
# Checks that no register was accessed without the clock: hw_untouched N
hw_untouched() {
	equal "registers touched without clock" "$(counter "$1" gated_accesses)" 0
	equal "registers touched in reset" "$(counter "$1" reset_accesses)" 0
}
# A physical address that an entry cannot hold.
hw_beyond=0x100000000
hw_number_of_masters=6
[ "$soc" = h6 ] || hw_number_of_masters=7
hw_streams=$hw_number_of_masters
# The first master's port, an overlay with another master, and that master's port.
hw_first_port=0 hw_joiner=codec hw_joiner_port=3
# Another one, which joins the group of the first. Ports that neither names, and further ports of the
# first overlay's master, which are translated with it.
hw_third=codec-g2 hw_third_port=5 hw_third_joins=true
case $soc in
h6) hw_unnamed_ports="2 4" hw_joiner_more=1 ;;
h616) hw_unnamed_ports="1 4" hw_joiner_more=2 ;;
esac
# Checks an instance that has denied a device since its probe and was removed: hw_still_denies N TABLE,
# the table that a boot loader has set.
hw_still_denies() {
	equal "its clock" "$(count "iommu$1_clock")" 1
	equal "its table" "$(hw_table "$1")" "$2"
}
# Checks an instance whose masters were removed from the identity domain: hw_left_identity N
hw_left_identity() {
	check "the log does not say that it denies" log_lacks 'still denying'
	refute "it translates" hw_translates "$1"
	hw_rests "$1"
}
# For the end of a story that has removed that master: its port is denied from then on.
hw_joiner_gone() { left_denying 0; }
# The interrupt enable register, which is read after the shutdown.
hw_last_regs() { does - last_reg 0x030f0100; }
# Registers of its clock and reset, and ENABLE, which it needs to deny.
hw_last_power() { does - last_reg 0x030017bc; does - last_reg 0x030f0020; }

# Prints the number of second-level tables of all domains. The slabs are shrunk first, so
# that free objects in per-CPU lists do not count. The C driver's cache has the name of
# the instance.
hw_tables() {
	for _c in /sys/kernel/slab/iommu_table_1k /sys/kernel/slab/*.iommu; do
		[ ! -e "$_c/shrink" ] || echo 1 >"$_c/shrink"
	done
	awk '$1 == "iommu_table_1k" || $1 ~ /^[0-9a-f]+[.]iommu$/ { n = $2; m = 1 } END { print m ? n : "none" }' /proc/slabinfo
}

# From now on invalidations do not complete, or complete again.
# A driver cannot stop a command that does not end. To recover, it starts another one.
hw_stick() {
	oracle_ignore "iommu$1_misuse_command_while_busy"
	knob "$1" stuck_flush 1
	knob "$1" stuck_tlb_ivld 1
	knob "$1" stuck_ptw_ivld 1
}
hw_unstick() { knob "$1" stuck_flush 0; knob "$1" stuck_tlb_ivld 0; knob "$1" stuck_ptw_ivld 0; }

# hw_leave_on N B PAGE...: sets up instance N as a boot loader may leave it: clocked,
# out of reset, and translating. Its table is built in buffer B (five pages), and maps
# these pages at 0, 0x1000, ...
hw_leave_on() {
	local n=$1 b=$2 dir page off=16384
	dir=$(client - bphys "$b" 0)
	shift 2
	put_word "$b" 0 $((dir + 16384 | 1))
	for page in "$@"; do
		put_word "$b" $off $((page | 2))
		off=$((off + 4))
	done
	poke 0x030017bc $((0x10001 << n))
	poke $((0x030f0050 - 0x10000 * n)) "$dir"
	poke $((0x030f0020 - 0x10000 * n)) 1
}

# left_denying N: all masters of an instance were released. It denies all accesses until
# there is a master again, and needs its clock for that.
left_denying() {
	local i
	i=$(instance "30$(printf %x $((15 - $1)))0000")
	wait_for "iommu$1 has its clock" 2 test "$(count "iommu$1_clock")" = 1
	equal "iommu$1: usage" "$(count "rpm_usage_$i")" 1
	oracle_ignore "^iommu$1_(clock|reset)|^rpm_usage_$i|^ref_dev_$i"
}

# The line of the C driver: fault_line DEV IOVA
if [ "$driver" = c ]; then
	fault_line() { printf 'Page fault for 0x%016x' "$2"; }
fi
