# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Checks that must hold for any tree that is applied as an overlay to a board without IOMMU.

. /stories/lib/probe.sh

# Whether masters can be in paging domains on this board: tree_start true|false
tree_start() {
	tree_paging=$1
	probe_start
}

# tree NAME: applies the overlay; false if the OF core refuses it.
tree() {
	tree_name=$1
	echo "<5>tree: $1" >/dev/kmsg
	counted
	[ -e "/overlays/$soc-$1.dtbo" ] && overlay_apply "$1" 2>/dev/null || return 1
	read -r tree_overlay <"$B/overlay/last"
	tree_devices='' tree_left=''
}

# Checks what the log says about the tree's devices, and removes it. A device has at most one
# line; an IOMMU that a driver was offered and that is not bound, exactly one.
tree_end() {
	counted
	usleep 20000
	dmesg | sed "1,/tree: $tree_name\$/d" >/tmp/tree-log
	: >/tmp/tree-bad
	for _d in $tree_devices; do
		_n=$(grep -E "^\[[^]]*\] [^ ]+ ${_d#*:}: " /tmp/tree-log | grep -Evc 'Adding to iommu group|probe with driver|deferred probe|[0-9]+ streams, |no engine here|no registers|registers not mapped|(access|read|write) of 0x')
		[ "$_n" -le 1 ] || echo "$_n lines about ${_d#*:}" >>/tmp/tree-bad
		case $_d in
		good:* | any:*)
			if [ "$_n" = 0 ] && ! bound "${_d#*:}" && ! grep -q "^${_d#*:}" $DEBUGFS/devices_deferred; then
				echo "no line about ${_d#*:}, which is not bound" >>/tmp/tree-bad
			fi
			;;
		esac
	done
	check "the tree $tree_name is removed" overlay_remove "$tree_overlay"
	while read -r _line; do
		note "FAILED: $tree_name: $_line"
	done </tmp/tree-bad
	[ ! -s /tmp/tree-bad ] || fail "$tree_name: lines in the log"
	$hw_keeps_denying || return 0
	for _at in $tree_left; do
		probe ${_at%:*} ${_at#*:} r "$p1" denied
	done
	probed
	for _d in 0 1 2 3; do
		hw_forget $_d
	done
}

# tree_iommu DEVICE good|any|other: a good one must be bound. Another driver's is not offered to
# this one.
tree_iommu() {
	[ "$2" != good ] || wait_for "$tree_name: $1 is bound" 5 bound "$1"
	[ ! -e "/sys/bus/platform/devices/$1" ] || tree_devices="$tree_devices $2:$1"
}

# tree_master DEVICE good|any|bad "IOMMU:PORT ..." "IOMMU:PORT ...": a good one must be behind
# its IOMMU, a bad one must not. If it is, the first ports are its own, and the second ones are
# named by no node. Where a driver keeps denying, the first ones are denied when all is removed.
tree_master() {
	case $2 in
	good) wait_for "$tree_name: $1 is usable" 5 usable "$1" ;;
	bad) refute "$tree_name: $1 has a group" has_group "$1" ;;
	esac
	[ ! -e "/sys/bus/platform/devices/$1" ] || tree_devices="$tree_devices master:$1"
	usable "$1" || return 0
	if $tree_paging; then
		does "$1" alloc 0
		case $client_said in
		"aperture 0x0-0xffffffff "*) ;;
		*)
			# The story "window" is about these.
			does - free 0
			return
			;;
		esac
		if [ "$2" = any ] && ! client "$1" gattach 0 >/dev/null; then
			# A Tegra's IOMMU that has the name of another SoC's has other registers.
			equal "$tree_name: $1: attach" "$client_errno" -1
			check "$tree_name: $1: the log says why" log_has "$1: .*firmware keeps translation off"
			does - free 0
			return
		fi
		[ "$2" = any ] || does "$1" gattach 0
		does - map 0 0x40000000 0 0x1000 0x1000 rw
	fi
	for _at in $3; do
		if $tree_paging; then
			probe ${_at%:*} ${_at#*:} r 0x40000000 "$p1 translated"
			probe ${_at%:*} ${_at#*:} w 0x40001000 denied
		else
			probe ${_at%:*} ${_at#*:} r "$p1" "$p1 passed"
		fi
	done
	for _at in $4; do
		if $hw_keeps_denying; then
			probe ${_at%:*} ${_at#*:} r "$p1" "$p1 passed"
		elif $tree_paging || [ "${soc#t}" != "$soc" ]; then
			probe ${_at%:*} ${_at#*:} r "$p1" denied
			probe ${_at%:*} ${_at#*:} w 0x40000000 denied
		fi
	done
	tree_left="$tree_left $3"
	probed
	if $tree_paging; then
		does "$1" gdetach 0
		does - free 0
	fi
}
