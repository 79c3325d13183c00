# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Each allocation of a path fails once. The paths are probe, master (of_xlate and
# probe_device), attach and map; core shows the splats that lib/waivers lists. A call
# that fails leaves nothing behind and succeeds when it is repeated. A call may also
# succeed without the failed allocation.

fail_setup
probes=/sys/bus/platform/drivers_probe
most=600

# From now on the story probes devices itself, in its own task.
by_hand() {
	echo 0 >/sys/bus/platform/drivers_autoprobe
	! loaded "$driver_module" || check "the driver goes" unload_driver
}

by_itself() {
	check "the driver goes" unload_driver
	echo 1 >/sys/bus/platform/drivers_autoprobe
	check "the driver comes" load_driver
	check "the instance is bound" bound "$I"
}

fail_probe() {
	by_hand
	check "the driver comes" load_driver
	I=$(first_instance)
	refute "nobody has probed the instance" bound "$I"
	local before n=1
	before=$(oracle)
	while [ $n -lt $most ]; do
		fail_write $n $probes "$I"
		if ! bound "$I"; then
			check "an allocation failed" $failed
			fail_refused=$((fail_refused + 1))
			same_counts "allocation $n failed" "$before"
		elif $failed; then
			fail_tolerated=$((fail_tolerated + 1))
			check "the driver goes" unload_driver
			check "the driver comes" load_driver
			same_counts "the instance went" "$before"
		else
			break
		fi
		refute "the hardware translates" hw_translates 0
		n=$((n + 1))
	done
	check "the instance is bound in the end" bound "$I"
	by_itself
}

# Makes a master without a group although its instance is bound, so that the next
# attempt is the master's own drivers_probe. For that, allocation $fail_replay of the
# instance's probe fails, which also probes the masters.
stray_master() {
	check "the driver comes" load_driver
	check "the master comes" overlay_apply wide
	I=$(first_instance)
	M=$(master 1c0e000)
	while [ "$fail_replay" -lt $most ]; do
		fail_write "$fail_replay" $probes "$I"
		if bound "$I" && $failed && ! has_group "$M"; then
			return
		fi
		if bound "$I"; then
			check "the master missed its IOMMU" $failed
			check "the master goes" overlay_remove all
			check "the driver goes" unload_driver
			check "the driver comes" load_driver
			check "the master comes" overlay_apply wide
			M=$(master 1c0e000)
		fi
		fail_replay=$((fail_replay + 1))
	done
	fail "no allocation makes the master miss its IOMMU"
}

# True if the last failed allocation was in a call of a function with this name.
last_failure_in() {
	log_since | awk '/FAULT_INJECTION: forcing a failure/ { n = 0 } { line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }' | grep -v '\] ? ' | grep -q "$1"
}

# The device link cannot be deleted before one of its devices is removed. So the driver
# creates it last, and it exists after a failure only if probe_device succeeded and the
# core failed afterwards. It holds a reference to each device.
note_link() {
	if ! $linked && [ -e "/sys/class/devlink/platform:$I--platform:$M" ]; then
		refute "probe_device failed and left a link" last_failure_in 12probe_device
		linked=true
		before=$(echo "$before" | awk -v i="ref_dev_$I" -v m="ref_dev_$M" '{ if ($1 == i || $1 == m) $2 = $2 + 1; print }')
	fi
}

fail_master() {
	local before linked n=1
	by_hand
	fail_replay=1
	stray_master
	hw_rests 0
	before=$(oracle) linked=false
	while [ $n -lt $most ]; do
		fail_write $n $probes "$M"
		if ! has_group "$M"; then
			check "an allocation failed" $failed
			fail_refused=$((fail_refused + 1))
			# The master may be bound, untranslated, or not bound at all.
			! bound "$M" || echo "$M" >/sys/bus/platform/drivers/board-client/unbind
			note_link
			same_counts "allocation $n failed" "$before"
		elif $failed; then
			fail_tolerated=$((fail_tolerated + 1))
			check "the master goes" overlay_remove all
			check "the driver goes" unload_driver
			stray_master
			hw_rests 0
			before=$(oracle) linked=false
		else
			break
		fi
		n=$((n + 1))
	done
	check "the master is bound" bound "$M"
	check "and behind its IOMMU" has_group "$M"
	works "$M"
	check "the master goes" overlay_remove all
	by_itself
}

fail_attach() {
	local before n
	M=$(first_master)
	translated "$M"
	hw_rests 0
	buffers 1
	before=$(oracle)
	n=1
	while [ $n -lt $most ]; do
		fail_client $n "$M" alloc 0
		if [ "$client_errno" = none ]; then
			check "an allocation failed" $failed
		elif [ "$client_errno" != 0 ]; then
			check "an allocation failed" $failed
			equal "error" "$client_errno" -12
			fail_refused=$((fail_refused + 1))
			same_counts "allocation $n of alloc failed" "$before"
		else
			$failed || break
			fail_tolerated=$((fail_tolerated + 1))
			does - free 0
		fi
		n=$((n + 1))
	done
	does - map 0 0x1000 0 0 0x1000 rw
	before=$(oracle)
	n=1
	while [ $n -lt $most ]; do
		fail_client $n "$M" attach 0
		if [ "$client_errno" = none ]; then
			check "an allocation failed" $failed
		elif [ "$client_errno" != 0 ]; then
			check "an allocation failed" $failed
			equal "error" "$client_errno" -12
			fail_refused=$((fail_refused + 1))
			says identity "$M" domain
			refute "the hardware translates" hw_translates 0
			same_counts "allocation $n of attach failed" "$before"
		else
			$failed || break
			fail_tolerated=$((fail_tolerated + 1))
			does "$M" detach 0
		fi
		n=$((n + 1))
	done
	does "$M" read 0 0x1000 64
	does "$M" detach 0
	does - free 0
	drop_buffers
}

# Replaces the domain, which frees its tables.
renew() {
	does "$M" detach 0
	does - free 0
	does "$M" alloc 0
	does "$M" attach 0
}

fail_map() {
	local before n=1 at=0x10000000 page
	begin
	buffers 768
	before=$(oracle)
	while [ $n -lt $most ]; do
		fail_client $n - map 0 "$(hex $((at)))" 0 0 0x300000 rw
		if [ "$client_errno" = none ]; then
			check "an allocation failed" $failed
		elif [ "$client_errno" != 0 ]; then
			check "an allocation failed" $failed
			equal "error" "$client_errno" -12
			fail_refused=$((fail_refused + 1))
			for page in 0 0xff000 0x100000 0x200000 0x2ff000; do
				says 0x0 - phys 0 $((at + page))
			done
			denied no- "$M" read 0 $((at)) 64
			! $hw_keeps_tables || renew
			same_counts "allocation $n of map failed" "$before"
		else
			$failed || break
			fail_tolerated=$((fail_tolerated + 1))
			says 3145728 - unmap 0 $((at)) 0x300000
		fi
		n=$((n + 1))
		at=$((at + 0x400000))
	done
	does "$M" read 0 $((at)) 0x10000
	says 3145728 - unmap 0 $((at)) 0x300000
	finish
}

# fail_below FUNCTION: from now on only allocations in calls of FUNCTION count; "" for all.
fail_below() {
	local name start=0 end=0xffffffffffffffff
	if [ -n "$1" ]; then
		set -- $(sort /proc/kallsyms | awk -v f="$1" 'found { print $1; exit } $3 == f { print $1; found = 1 }')
		start=0x$1 end=0x$2
	fi
	for name in failslab fail_page_alloc; do
		echo 32 >"$DEBUGFS/$name/stacktrace-depth"
		echo "$start" >"$DEBUGFS/$name/require-start"
		echo "$end" >"$DEBUGFS/$name/require-end"
	done
}

# Shows the core's own warnings when an allocation fails. The C driver is probed only when
# its module is inserted, so a master's probe has to fail there. The client is loaded
# afterwards, because it would cause another probe.
core_says() {
	oracle_off "C does not give back what it has"
	fail_below iommu_fwspec_init
	(
		echo 1 >/proc/self/fail-nth
		exec modprobe "$driver_module"
	)
	fail_below ""
	I=$(first_instance)
	M=$(first_master)
	check "the instance is bound" bound "$I"
	refute "the master has missed it" has_group "$M"
	echo 0 >/sys/bus/platform/drivers_autoprobe
	check "the client comes" load board_client
	fail_below sysfs_create_dir_ns
	fail_write 1 $probes "$M"
	fail_below ""
	check "the directory of the group is not made" $failed
	refute "the master has no group" has_group "$M"
	! bound "$M" || echo "$M" >/sys/bus/platform/drivers/board-client/unbind
	echo "$M" >$probes
	check "the master is behind its IOMMU" has_group "$M"
}

case $1 in
probe)
	fail_probe
	fail_report probe
	;;
master)
	# The number of allocations before it varies, so the only allocation of of_xlate can be
	# missed.
	for attempt in 1 2 3; do
		fail_master
		! log_has '\] [^?].*of_xlate' || break
	done
	note "passes: $attempt"
	fail_report of-xlate of_xlate
	fail_report probe-device probe_device
	;;
attach)
	fail_attach
	fail_report attach
	;;
map)
	fail_map
	fail_report map
	;;
core)
	core_says
	waive must
	;;
*) fail "no such path: $1" ;;
esac
[ "$1" = core ] || waive
