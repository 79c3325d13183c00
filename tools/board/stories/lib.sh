# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# What stories are written with, and what runs them.  A story is a file that is
# sourced in a subshell; it passes when it comes to its end without a failed
# check, when the kernel log shows no splat that it did not announce, and when
# the oracle's counts are what they were before.

DEBUGFS=/sys/kernel/debug
image=${image:-unknown}
driver=${driver:-none}
driver_module=${driver_module:-}
ncpus=${board_cpus:-1}
export DEBUGFS image driver driver_module ncpus

. /stories/lib-undo.sh

# A line that a person should see because something is wrong.
SPLATS='BUG:|WARNING:|KASAN:|KCSAN:|UBSAN:|INFO: task .* blocked|INFO: rcu|rcu:.*(stall|detected)|possible (recursive|circular) locking'
SPLATS="$SPLATS|inconsistent lock state|invalid wait context|suspicious RCU|sleeping function called|held lock freed|bad unlock balance"
SPLATS="$SPLATS|irq lock inversion|lock order|memory leak|unreferenced object|pending allocations|DMA-API:|refcount_t:|ODEBUG:|debug_objects:|kobject_add_internal failed"
SPLATS="$SPLATS|Unable to handle|general protection|Oops|Kernel panic|list_(add|del) corruption|double free|Bad page|pagealloc: .*corruption|page_owner|soft lockup|hard LOCKUP|nobody cared|Disabling IRQ|Unknown rela|scheduling while atomic"

say() {
	echo "$*" >&3
	echo "$*"
}

note() {
	say "# $*"
}

# A line of the demonstration: "make board" shows it as it is.
demo() {
	say "# demo $*"
}

# record KEY VALUE: data for the result file.
record() {
	say "# data $1 $2"
}

# --- inside a story --------------------------------------------------------

end_story() {
	echo "$checks" >"$state/checks"
	trap - EXIT
	exit "$1"
}

fail() {
	note "FAILED: $*"
	end_story 1
}

skip() {
	echo "$*" >"$state/skip"
	end_story 4
}

# Counts a check. Every hundredth is a sign of life for the runner, which ends a boot that is
# silent for minutes.
counted() {
	checks=$((checks + 1))
	[ $((checks % 100)) != 0 ] || echo "# check $checks" >&3
}

# check WHAT CMD...: the command must be true.
check() {
	local what=$1
	shift
	counted
	"$@" || fail "$what"
}

# refute WHAT CMD...: the command must be false.
refute() {
	local what=$1
	shift
	counted
	if "$@"; then
		fail "$what"
	fi
}

# equal WHAT GOT WANT
equal() {
	counted
	[ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"
}

# poll SECONDS CMD...: until the command is true. False when the machine has been idle for
# so many seconds meanwhile: on a slow machine the CPUs are busy with what is waited for.
# Four minutes end it in any case.
poll() {
	local _limit=$(($1 * ncpus)) _since _idle _now _more _pause=10000
	shift
	read -r _since _idle </proc/uptime
	until "$@"; do
		read -r _now _more </proc/uptime
		[ $((${_more%.*} - ${_idle%.*})) -le $_limit ] || return 1
		[ $((${_now%.*} - ${_since%.*})) -lt 240 ] || return 1
		usleep $_pause
		[ $_pause -ge 160000 ] || _pause=$((_pause * 2))
	done
}

# wait_for WHAT SECONDS CMD...: the command must become true; see poll.
wait_for() {
	local _what=$1 _seconds=$2
	shift 2
	counted
	poll $((4 * _seconds)) "$@" || fail "timed out: $_what"
}

# The kernel log since the story began.
log_since() {
	dmesg | sed "1,/story: $mark\$/d"
}

log_has() {
	log_since | grep -Eq -- "$1"
}

log_lacks() {
	! log_since | grep -Eq -- "$1"
}

log_count() {
	log_since | grep -Ec -- "$1"
}

# expect_splat REGEX: a splat that matches must come, and may.
expect_splat() {
	counted
	echo "$1" >>"$state/expected"
}

# allow_splat REGEX: a splat that matches may come, and need not.
allow_splat() {
	echo "$1" >>"$state/allowed"
}

# oracle_off WHY, oracle_ignore REGEX: for a story that changes the counts.
oracle_off() {
	note "oracle off: $*"
	echo . >>"$state/ignored"
}

oracle_ignore() {
	echo "$1" >>"$state/ignored"
}

load() {
	modprobe "$@"
}

unload() {
	rmmod "$@"
}

load_driver() {
	local instances
	[ "$driver" = none ] || modprobe "$driver_module" "$@" || return
	# The first of several instances that is bound has masters probed again, while the
	# next one's registration replays them on another CPU. The core warns if the two
	# meet, whatever the driver: see soundness.rst.
	instances=$(grep -c '^iommu ' $DEBUGFS/board/devices 2>/dev/null)
	[ "${instances:-0}" -lt 2 ] ||
		allow_splat 'WARNING: drivers/iommu/iommu.c:[0-9]+ at __iommu_probe_device'
}

unload_driver() {
	[ "$driver" = none ] || rmmod "$driver_module"
}

# Memory in KiB that nobody has: the pages on the lists of each CPU too, which are
# megabytes and come and go.
free_kib() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '$1 == "MemAvailable:" { n += $2 } $1 == "count:" { n += 4 * $2 } END { print n }' \
		/proc/meminfo /proc/zoneinfo
}

# --- around a story --------------------------------------------------------

# The files with the counts of unhandled interrupts of each IOMMU's line: a handler is a folder with
# its name.
irq_counts() {
	local _handler
	for _handler in /proc/irq/*/*iommu* /proc/irq/*/*dart*; do
		[ ! -d "$_handler" ] || echo "${_handler%/*}/spurious"
	done
}

# Counts that a story must leave as it found them.
oracle() {
	local counts=$DEBUGFS/board/counts
	[ -r "$counts" ] || counts=/dev/null
	# Counters of the memory management are per CPU until they are added up.
	read -r _ </proc/sys/vm/stat_refresh 2>/dev/null || :
	slab_ours
	# The count of unhandled interrupts begins anew after a tenth of a second, but the time of the
	# last one stays, in milliseconds. Of a line that is shared, those count that no handler took.
	# Only the lines of IOMMUs are looked at: stock drivers of masters have their own.
	# shellcheck disable=SC2046 # a file each
	awk 'FILENAME ~ /^.proc.irq/ { if ($1 == "last_unhandled" && $2) { split(FILENAME, path, "/"); print "irq_unhandled_" path[4], $2 }; next }
		FILENAME != "/proc/vmstat" || $1 == "nr_iommu_pages"' /proc/vmstat "$counts" $(irq_counts)
}

# Objects that the crate or the driver has allocated and not freed, by the slab
# allocator's own book. Only with slab_debug=U, and not where KASAN keeps what was
# freed from it.
slab_ours() {
	case $image in debug*) return ;; esac
	[ -r $DEBUGFS/slab/kmalloc-64/alloc_traces ] || return
	cat $DEBUGFS/slab/*/alloc_traces | awk -v mods="[[](rust_iommu|$driver_module)[]]" '
		$1 ~ /^[0-9]+$/ { n = $1; rust = 0 }
		/ rust_helper_kv*realloc/ { rust = 1 }
		rust && $0 ~ mods { total += n; n = 0 }
		END { print "slab_ours", total + 0 }'
}

same_oracle() {
	oracle | if [ -s "$state/ignored" ]; then grep -Evf "$state/ignored"; else cat; fi | sort >"$state/b"
	cmp -s "$state/a" "$state/b"
}

oracle_kept() {
	cp "$state/before" "$state/a"
	oracle >"$state/b"
	if [ -s "$state/ignored" ]; then
		grep -Evf "$state/ignored" "$state/before" >"$state/a"
		oracle | grep -Evf "$state/ignored" >"$state/b"
	fi
	cmp -s "$state/a" "$state/b" && return
	# A device that has come again is the last of its bus.
	sort -o "$state/a" "$state/a"
	# A work item or an RCU callback may drop the last reference.
	poll 3 same_oracle && return
	diff -U 0 "$state/a" "$state/b" | grep '^[-+][^-+]' | while read -r line; do
		note "FAILED: oracle: $line"
	done
	return 1
}

# Splats of the story that it did not announce, and announced ones that are missing.
log_clean() {
	local bad=0 expected

	if ! dmesg | grep -q "story: $mark\$"; then
		note "FAILED: the kernel log has lost the beginning of the story"
		return 1
	fi
	log_since | grep -E "$SPLATS" >"$state/splats"
	if [ -s "$state/allowed" ]; then
		grep -Evf "$state/allowed" "$state/splats" >"$state/rest"
		cp "$state/rest" "$state/splats"
	fi
	if [ -s "$state/expected" ]; then
		while read -r expected; do
			if ! grep -Eq -- "$expected" "$state/splats"; then
				note "FAILED: expected in the kernel log, and missing: $expected"
				bad=1
			fi
		done <"$state/expected"
		grep -Evf "$state/expected" "$state/splats" >"$state/unexpected"
	else
		cp "$state/splats" "$state/unexpected"
	fi
	if [ -s "$state/unexpected" ]; then
		head -n 5 "$state/unexpected" | while read -r line; do
			note "FAILED: kernel log: $line"
		done
		bad=1
	fi
	return $bad
}

start_log() {
	mark=$1
	state=/tmp/story
	rm -rf $state
	mkdir $state
	: >$state/expected
	: >$state/allowed
	: >$state/ignored
	echo "<5>story: $mark" >/dev/kmsg
}

# The modules of the boot. What the kernel says meanwhile counts like in a story.
load_modules() {
	start_log modules
	for name in $(echo "${modules:-}" | tr , ' '); do
		modprobe "$name" || note "FAILED: modprobe $name"
	done
	if [ "${load_driver:-1}" = 1 ]; then
		load_driver || note "FAILED: modprobe $driver_module"
	fi
	# The masters' drivers are bound and have made their devices before the first story.
	case $image in
	*arm64*) poll 20 settled || : ;;
	esac
	log_clean || :
}

# The machine did not change for a second.
settled() {
	world >"$state/a"
	ls /sys/class/net /sys/class/block >>"$state/a"
	sleep 1
	world >"$state/b"
	ls /sys/class/net /sys/class/block >>"$state/b"
	cmp -s "$state/a" "$state/b"
}

# run_story NUMBER NAME MORE: MORE is true if there is more to run behind it.
run_story() {
	local number=$1 name=${2%%:*} arg='' rc=0 result=ok lib line

	case $2 in
	*:*) arg=${2#*:} ;;
	esac
	if [ -n "$blocker" ]; then
		say "ok $number $2 # SKIP not run: $blocker"
		return
	fi
	say "# begin $2"
	start_log "$2 #$number"
	! $3 || (
		for lib in /stories/lib-*.sh; do
			[ ! -f "$lib" ] || . "$lib"
		done
		world >$state/world
	)
	oracle >$state/before
	if [ ! -f "/stories/$name.sh" ]; then
		note "FAILED: there is no story $name"
		say "not ok $number $2"
		return
	fi
	(
		checks=0
		trap 'echo "$checks" >$state/checks' EXIT
		for lib in /stories/lib-*.sh; do
			[ ! -f "$lib" ] || . "$lib"
		done
		set -u
		set -- "$arg"
		. "/stories/$name.sh"
	) || rc=$?
	if [ $rc = 4 ] && [ -s $state/skip ]; then
		rc=0
	elif [ $rc != 0 ]; then
		note "FAILED: the story ended with status $rc"
		result="not ok"
	elif [ "$(cat $state/checks 2>/dev/null || echo 0)" = 0 ]; then
		note "FAILED: the story checked nothing"
		result="not ok"
	else
		oracle_kept || result="not ok"
	fi
	if $3 && ! undo $rc; then
		while read -r line; do
			note "FAILED: what it leaves cannot be undone: $line"
		done <$state/stuck
		blocker="$2 left what cannot be undone"
		result="not ok"
	fi
	log_clean || result="not ok"
	line="$result $number $2"
	[ "$result" = ok ] && [ -s $state/skip ] && line="$line # SKIP $(cat $state/skip)"
	say "$line"
}

# What kmemleak has found by the end of a boot: young objects do not count yet.
run_kmemleak() {
	local number=$1

	if [ -n "$blocker" ]; then
		say "ok $number kmemleak # SKIP not run: $blocker"
		return
	fi
	say "# begin kmemleak"
	echo scan >$DEBUGFS/kmemleak
	sleep 6
	echo scan >$DEBUGFS/kmemleak
	# Objects of the host's C library are referenced from memory that is the host's.
	awk '/^unreferenced object/ { if (!host) printf "%s", one; one = ""; host = 0 }
		/ __wrap_[mc]alloc\+/ { host = 1 }
		{ one = one $0 "\n" }
		END { if (!host) printf "%s", one }' $DEBUGFS/kmemleak >/tmp/leaks
	if [ -s /tmp/leaks ]; then
		cat /tmp/leaks
		grep -A 14 '^unreferenced' /tmp/leaks | head -n 40 | while read -r line; do
			note "FAILED: $line"
		done
		say "not ok $number kmemleak"
	else
		say "ok $number kmemleak"
	fi
}

run_stories() {
	local list number=0 count=0 name leaks=0 more blocker=''

	list=$(echo "${stories:-boot}" | tr , ' ')
	for name in $list; do
		count=$((count + 1))
	done
	if [ "${leak_scan:-off}" = on ] && [ -w $DEBUGFS/kmemleak ]; then
		leaks=1
	fi
	say "KTAP version 1"
	say "1..$((count + leaks))"
	load_modules
	for name in $list; do
		number=$((number + 1))
		# Behind the last one there is nothing to undo it for.
		[ $number -lt $((count + leaks)) ] && more=true || more=false
		run_story $number "$name" $more
	done
	[ $leaks = 0 ] || run_kmemleak $((number + 1))
	say "# end"
}
