# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Undoes a story's changes to the machine, however it ended, so that its failure does not fail the
# next story.

# Prints the part of the machine's state that stories change, one item a line. It uses few
# processes, because these are slow in debug images. "(null)" is an override that was never set.
world() {
	printf 'device %s\n' /sys/bus/platform/devices/* /sys/bus/amba/devices/* /sys/bus/pci/devices/*
	awk '{ print FILENAME == "/proc/modules" ? "module " $1 : "mount " $2 }' /proc/modules /proc/mounts
	{
		# shellcheck disable=SC2012 # names of devices
		ls -ld /sys/bus/platform/devices/*/driver /sys/bus/amba/devices/*/driver /sys/bus/pci/devices/*/driver
		grep -H . /sys/bus/platform/devices/*/driver_override /sys/bus/amba/devices/*/driver_override \
			/sys/bus/pci/devices/*/driver_override /sys/bus/platform/devices/*/iommu_group/type \
			/sys/bus/amba/devices/*/iommu_group/type /sys/bus/pci/devices/*/iommu_group/type \
			/sys/bus/platform/drivers_autoprobe /sys/module/board_client/parameters/translated_only \
			/proc/sys/kernel/printk $DEBUGFS/failslab/* $DEBUGFS/fail_page_alloc/* \
			$DEBUGFS/board/iommu*/knobs $DEBUGFS/board/hold_irq $DEBUGFS/board/fail_*
	} 2>/dev/null | sed 's|^l.* /sys/bus/\(.*\)/devices/\(.*\)/driver -> .*/drivers/|driver \1 \2 |; t; s/:(null)$/:/; s/^/file /'
	client_state
}

# Prints the lines of the first file that the second one lacks.
lacks() { grep -Fxvf "$2" "$1"; }

# Prints the differences from the state before the story, except for the crate, which stays once it
# is loaded.
changes() {
	world >"$state/now"
	awk '$0 == "module rust_iommu" { next }
		NR == FNR { before[$0]; next }
		{ now[$0] }
		!($0 in before) { print "left: " $0 }
		END { for (line in before) if (!(line in now)) print "missing: " line }' "$state/world" "$state/now"
}
unchanged() { [ -z "$(changes)" ]; }

# Prints the processes of user space, except for the first, this one, and its parent.
processes() {
	local _self _parent _dir _line _others=''
	read -r _self _ _ _parent _ </proc/self/stat
	for _dir in /proc/[0-9]*; do
		case ${_dir#/proc/} in 1 | "$_self" | "$_parent") continue ;; esac
		_line=
		read -r _line 2>/dev/null <"$_dir/cmdline"
		[ -z "$_line" ] || _others="$_others ${_dir#/proc/}"
	done
	echo $_others
}
alone() { [ -z "$(processes)" ]; }

# Writes values back to their files. The last colon of a line separates the two, as names of PCI
# devices also have colons. A line "wire ENGINE IOMMU PORT" is for the board's wiring.
put_back_files() {
	world >"$state/now"
	lacks "$state/world" "$state/now" | while read -r _kind _line; do
		case $_kind in
		file) echo "${_line##*:}" >"${_line%:*}" ;;
		wire) echo "$_line" >"$DEBUGFS/board/wiring" ;;
		esac
	done
}

# Restores the machine's state. The order matters: a module that is in use cannot be removed, a
# group's domain can be changed only while its devices have no driver, and an override must be set
# before the driver is bound.
put_back() {
	local _kind _bus _dev _name _path _try
	tac /proc/mounts | while read -r _ _path _; do
		grep -Fqx "mount $_path" "$state/world" || umount "$_path"
	done
	# Unsticks the hardware before domains and devices are removed.
	put_back_files
	tidy "$1"
	for _try in 1 2 3; do
		# shellcheck disable=SC2013 # a name each
		for _name in $(cut -d ' ' -f 1 /proc/modules); do
			[ "$_name" = rust_iommu ] || grep -Fqx "module $_name" "$state/world" || rmmod "$_name"
		done
	done
	world >"$state/now"
	lacks "$state/now" "$state/world" | while read -r _kind _bus _dev _name; do
		[ "$_kind" != driver ] || echo "$_dev" >"/sys/bus/$_bus/drivers/$_name/unbind"
	done
	! type plug_all >/dev/null 2>&1 || plug_all
	put_back_files
	# The list has the newest module first.
	lacks "$state/world" "$state/now" | tac | while read -r _kind _name; do
		[ "$_kind" != module ] || { [ "$_name" = "$driver_module" ] && load_driver; } || load "$_name"
	done
	world >"$state/now"
	lacks "$state/world" "$state/now" | while read -r _kind _bus _dev _name; do
		[ "$_kind" != driver ] || echo "$_dev" >"/sys/bus/$_bus/drivers/$_name/bind"
	done
	for _path in /tmp/*; do
		[ "$_path" = "$state" ] || rm -rf "$_path"
	done
}

# undo STATUS: undoes the changes of a story that ended with this status. False if some of them
# remain; $state/stuck lists these.
undo() {
	# kill -1 does not include this shell, which is the first process.
	kill -9 -1 2>/dev/null
	wait
	(
		if [ ! -s "$state/stuck" ]; then
			poll 5 alone || echo "processes: $(processes)" >"$state/stuck"
		fi
		[ ! -s "$state/stuck" ] || exit 1
		changes >"$state/changes"
		if [ "$1" = 0 ] && [ ! -s "$state/changes" ]; then
			tidy 0
			exit 0
		fi
		grep -v ': file ' "$state/changes" | head -n 10 | while read -r line; do
			note "undone: $line"
		done
		put_back "$1"
		poll 5 unchanged || changes >"$state/stuck"
		[ ! -s "$state/stuck" ]
	)
}

# stays WHY: marks the story's changes as ones that cannot be undone and must not be tried.
stays() {
	echo "$*" >>"$state/stuck"
}
