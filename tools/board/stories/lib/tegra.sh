# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox disable=SC2034 # what stories use
# Tegra's part of the stories: registers, swgroups and their clients. A port of the board is
# a client; "swgroup N" in its place stands for the clients of a swgroup in turn. Devicetrees
# name swgroups.

case $soc in t30 | t114 | t124 | t132 | t210) ;; *) return 0 ;; esac

# The C driver frees no tables (finding 42).
if [ "$driver" = c ]; then
	hw_frees_tables=false
	hw_leaves='^nr_iommu_pages'
fi

# The first SMMU is in the window of the memory controller.
case $soc in
t30) hw_first_instance=7000f000 hw_window=0x400 ;;
*) hw_first_instance=70019000 hw_window=0x1000 ;;
esac

# hw_base IOMMU OFFSET: prints the address of a register
hw_base() {
	[ "$1" != 0 ] || printf '0x%08x' $((0x$hw_first_instance + $2))
	[ "$1" = 0 ] || printf '0x%08x' $((0x030f0000 - 0x10000 * $1 + $2))
}
# hw_write IOMMU OFFSET VALUE
hw_write() { poke "$(hw_base "$1" "$2")" "$(hex "$3")"; }
# Prints a register, also one that is 0, which the register file does not list: hw_read IOMMU OFFSET
hw_read() {
	local value
	value=$(reg "$1" "$2")
	echo "${value:-0x00000000}"
}

# In these trees the SMMU is a part of the memory controller, and its instance a child of that.
# hw_part: sets I to the first instance, mc to its memory controller
case $devicetree in *-part*) hw_named=part-named ;; esac
hw_part() {
	I=$(first_instance)
	mc=$(readlink -f "/sys/bus/platform/devices/$I/..")
	mc=${mc##*/}
}
has_part() { [ -e "/sys/bus/platform/devices/$mc/$I" ]; }
part_works() { has_part && bound "$I"; }
mc_bind() { echo "$mc" >/sys/bus/platform/drivers/board-mc/bind; }
mc_unbind() { echo "$mc" >/sys/bus/platform/drivers/board-mc/unbind; }

# The swgroup register of the first display controller, which is the first master.
hw_swgroup=0x240
hw_translates() {
	[ $(($(hw_read "$1" 0x010) & 1)) = 1 ] && [ $(($(hw_read "$1" $hw_swgroup) >> 31)) = 1 ]
}
# Prints the address of the first master's directory.
hw_table() {
	local root
	root=$(hw_read "$1" "root_$(($(hw_read "$1" $hw_swgroup) & 0x7f))")
	printf '0x%08x' $(((root & 0x3fffff) << 12))
}
# Checks that no swgroup is translated. Some may be denied, and the SMMU itself stays on: hw_rests N
hw_off() {
	awk '$1 != "0x230" && $1 != "0x234" && !/0xff7f7f7f|0x80000003/ && /^0x(2[3-9]|a[89a-e])[0-9a-f] 0x[89a-f]/ { n++ }
		END { exit n > 0 }' "$B/iommu$1/regs"
}
hw_rests() { wait_for "iommu$1 translates nothing" 3 hw_off "$1"; }
# The memory controller's clock is always on.
hw_untouched() { equal "registers touched without power" "$(counter "$1" unpowered_accesses)" 0; }

# A physical address that an entry cannot hold.
case $soc in
t30 | t114) hw_beyond=0x100000000 ;;
*) hw_beyond=0x400000000 ;;
esac

# The number of swgroups, and the highest one that has clients.
case $soc in
t30) hw_streams=19 ;;
t114) hw_streams=20 ;;
t124 | t132) hw_streams=26 ;;
t210) hw_streams=41 hw_highest_stream=30 ;;
esac
hw_port() { echo "swgroup $1"; }
hw_logs_ports=false

# In the trees *-all: the master that, besides that at 2000000, is in a group of its own, and the
# masters of the first group.
hw_other_group=1c00000 hw_group_size=2

# The first master, and an overlay with another one: upstream, it shares a group with the first.
hw_first_port="swgroup 1" hw_joiner=codec hw_joiner_port="swgroup 2"
# Another one, in a group of its own. Ports that no node names pass.
hw_third=host hw_third_joins=false hw_unnamed_ports="" hw_joiner_more=""
case $soc in
t30) hw_third_port="swgroup 12" ;;
t114) hw_third_port="swgroup 8" ;;
*) hw_third_port="swgroup 6" ;;
esac
hw_joiner_gone() { :; }
# Checks an instance whose masters were removed from the identity domain: hw_left_identity N
hw_left_identity() { check "it denies" hw_translates "$1"; }
# Checks an instance that has denied a device since its probe and was removed: hw_still_denies N
hw_still_denies() { equal "the blocked domain's directory" "$(hw_table "$1")" 0x00000000; }
# The clients of these swgroups.
hw_joiner_clients="2 4 6 17"
case $soc in
t30) hw_first_clients="1 3 5 7 16" hw_joiner_clients="2 4 6 8 17" ;;
t114) hw_first_clients="1 3 5 16" ;;
*) hw_first_clients="1 3 5 16 90 115" ;;
esac
# TRANSLATION_ENABLE.
case $soc in
t30 | t114) hw_enables="0x228 0x22c 0x230" ;;
t124 | t132) hw_enables="0x228 0x22c 0x230 0x234" ;;
t210) hw_enables="0x228 0x22c 0x230 0x234 0xb98" ;;
esac

hw_last_regs() { does - last_reg "$(hw_base 0 $hw_swgroup)"; }

# The memory controller's driver prints the faults. In the blocked domain nothing is mapped.
hw_keeps_denying=true hw_switches_at_once=true hw_reports_faults=false hw_denial=no-table

# Tables are pages. The oracle counts them until their domain is freed.
hw_keeps_tables=true hw_table_span=0x400000
hw_tables() {
	add_up
	awk '$1 == "nr_iommu_pages" { print $2 }' /proc/vmstat
}

# A flush takes effect when its write arrives, and cannot hang.
hw_stick() { skip "flushes of this hardware do not hang"; }
hw_unstick() { :; }

# hw_leave_on N B PAGE...: sets up instance N as firmware may leave it: all clients are enabled,
# and the swgroup of the first master is translated by ASID 0. Its directory and its table are in
# buffer B (two pages), and map these pages at 0, 0x1000, ... hw_leave_off N undoes it.
hw_leave_on() {
	local n=$1 b=$2 dir table page offset=4096
	dir=$(client - bphys "$b" 0) table=$(client - bphys "$b" 4096)
	shift 2
	put_word "$b" 0 $((0xf0000000 | table >> 12))
	for page in "$@"; do
		put_word "$b" $offset $((0xe0000000 | page >> 12))
		offset=$((offset + 4))
	done
	hw_write "$n" 0x01c 0
	hw_write "$n" 0x020 $((0xe0000000 | dir >> 12))
	for offset in $hw_enables; do
		hw_write "$n" "$offset" 0xffffffff
	done
	hw_write "$n" 0x034 0
	hw_write "$n" 0x030 0
	hw_write "$n" 0x010 1
	hw_write "$n" $hw_swgroup 0x80000000
	# A write of the interrupt mask arrives at once, and with it those before it.
	hw_write "$n" 0x004 0
}
# The last flush was of a line above 12 GiB.
hw_leave_more() {
	case $soc in t124 | t210) hw_write "$1" 0x9b8 3 ;; esac
}
hw_leave_off() {
	local offset
	for offset in $hw_swgroup 0x010 $hw_enables 0x01c 0x020 0x034 0x030 0x004; do
		hw_write "$1" "$offset" 0
	done
	hw_write "$1" 0x000 0x540
}
# hw_forget N: undoes what a driver has left of instance N: the denial of swgroups.
hw_forget() {
	local offset
	sed -n 's/^\(0x[2a][0-9a-f]*\) 0x[89a-f].*/\1/p' "$B/iommu$1/regs" | while read -r offset; do
		hw_write "$1" "$offset" 0
	done
	hw_leave_off "$1"
}
