# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The functions of stories, and their runner.  A story is a file that is sourced in
# a subshell.  It passes if it reaches its end without a failed check, if the kernel
# log has no splat that the story did not announce, and if the oracle's counts are
# the same as before.

DEBUGFS=/sys/kernel/debug
image=${image:-unknown}
driver=${driver:-none}
driver_module=${driver_module:-}
ncpus=${board_cpus:-1}
export DEBUGFS image driver driver_module ncpus

. /stories/lib/undo.sh

# Lines of the kernel log that show a mistake.
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

# Prints a line of the demonstration, which "make board" shows unchanged.
demo() {
	say "# demo $*"
}

# record KEY VALUE: records data for the result file.
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

# Counts a check. Every hundredth prints a line, because the runner ends a boot that is silent for
# minutes.
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

# poll SECONDS CMD...: waits until the command is true. False if the machine was idle for so many
# seconds meanwhile: a slow machine is busy with the expected work, not idle. The limit is four
# minutes in any case: a device that copies keeps the only CPU busy.
poll() {
	local _limit=$(($1 * ncpus)) _since _idle _now _more _pause=10000 _line=60
	shift
	read -r _since _idle </proc/uptime
	until "$@"; do
		read -r _now _more </proc/uptime
		[ $((${_more%.*} - ${_idle%.*})) -le $_limit ] || return 1
		_now=$((${_now%.*} - ${_since%.*}))
		[ $_now -lt 240 ] || return 1
		# The runner ends a boot that is silent for minutes.
		[ $_now -lt $_line ] || { echo "# waiting" >&3 && _line=$((_line + 60)); }
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

# Prints the kernel log since the story began.
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

# expect_splat REGEX: the log must have a splat that matches.
expect_splat() {
	counted
	echo "$1" >>"$state/expected"
}

# allow_splat REGEX: the log may have a splat that matches.
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
	local dev instances
	[ "$driver" = none ] || modprobe "$driver_module" "$@" || return
	# A driver that is built in may have looked for the board's registers before they existed.
	case $image in
	*-built-in)
		awk '$1 == "iommu" { print $2 }' $DEBUGFS/board/devices | while read -r dev; do
			[ -e "/sys/bus/platform/devices/$dev/driver" ] || echo "$dev" >/sys/bus/platform/drivers_probe
		done
		;;
	esac
	# When the first of several instances is bound, its masters are probed again, while
	# the registration of the next instance probes them on another CPU. The core warns if
	# both probe a master at once, for any driver: see soundness.rst.
	instances=$(grep -c '^iommu ' $DEBUGFS/board/devices 2>/dev/null)
	[ "${instances:-0}" -lt 2 ] ||
		allow_splat 'WARNING: drivers/iommu/iommu.c:[0-9]+ at __iommu_probe_device'
}

unload_driver() {
	[ "$driver" = none ] || rmmod "$driver_module"
}

# Prints the free memory in KiB, including the pages on per-CPU lists, which are
# megabytes and vary.
free_kib() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '$1 == "MemAvailable:" { n += $2 } $1 == "count:" { n += 4 * $2 } END { print n }' \
		/proc/meminfo /proc/zoneinfo
}

# --- around a story --------------------------------------------------------

# Prints the files with the counts of unhandled interrupts of each IOMMU's line. /proc/irq has a
# directory for each handler.
irq_counts() {
	local _handler
	for _handler in /proc/irq/*/*mmu* /proc/irq/*/*dart*; do
		[ ! -d "$_handler" ] || echo "${_handler%/*}/spurious"
	done
}

# Adds up the per-CPU counters of the memory management, which only an SMP kernel has.
add_up() {
	[ ! -e /proc/sys/vm/stat_refresh ] || read -r _ </proc/sys/vm/stat_refresh
}

# Prints the counts that are the same before and after a story: of what is in use, and of the
# models' misuse.
oracle() {
	local counts=$DEBUGFS/board/counts
	[ -r "$counts" ] || counts=/dev/null
	add_up
	slab_ours
	# The kernel resets the count of unhandled interrupts after a tenth of a second, but keeps
	# the time of the last one, in milliseconds. On a shared line, interrupts count that no
	# handler claimed. Only the lines of IOMMUs are checked, not those of stock drivers.
	# shellcheck disable=SC2046 # a file each
	awk 'FILENAME ~ /^.proc.irq/ { if ($1 == "last_unhandled" && $2) { split(FILENAME, path, "/"); print "irq_unhandled_" path[4], $2 }; next }
		FILENAME != "/proc/vmstat" || $1 == "nr_iommu_pages"' /proc/vmstat "$counts" $(irq_counts)
}

# Prints the counts of misuse that are not 0.
misuse() { [ ! -r $DEBUGFS/board/counts ] || grep _misuse_ $DEBUGFS/board/counts; }

# Prints the number of objects that the crate or the driver has allocated and not
# freed, as recorded by the slab allocator. Only with slab_debug=U, and not with KASAN,
# whose quarantine keeps freed objects.
slab_ours() {
	case $image in debug*) return ;; esac
	[ -r $DEBUGFS/slab/kmalloc-64/alloc_traces ] || return
	# Rust has no other caches than these, and allocates with this function. awk is slow, and
	# gets the lines that it needs.
	grep -hF -e ' age=' -e realloc_node_align -e '[rust_' $DEBUGFS/slab/kmalloc-*/alloc_traces | awk '
		/ age=/ { n = $1; rust = 0 }
		/realloc_node_align/ { rust = 1; next }
		rust && !/ age=/ { total += n; n = 0 }
		END { print "slab_ours", total + 0 }'
}

# Prints the counts that the story has not ignored.
counts_now() {
	if [ -s "$state/ignored" ]; then
		oracle | grep -Evf "$state/ignored"
	else
		oracle
	fi
}

same_oracle() {
	counts_now | sort >"$state/b"
	cmp -s "$state/sorted" "$state/b"
}

oracle_kept() {
	local before=$state/before
	if [ -s "$state/ignored" ]; then
		before=$state/a
		grep -Evf "$state/ignored" "$state/before" >"$before"
	fi
	counts_now >"$state/b"
	cmp -s "$before" "$state/b" && return
	# A device that was added again is the last one of its bus, so the order may differ.
	sort "$before" >"$state/sorted"
	# A work item or an RCU callback may drop the last reference.
	poll 3 same_oracle && return
	diff -U 0 "$state/sorted" "$state/b" | grep '^[-+][^-+]' | while read -r line; do
		note "FAILED: oracle: $line"
	done
	return 1
}

# Checks the log for splats that the story did not announce, and for announced ones that are
# missing.
log_clean() {
	local bad=0 expected unexpected=$state/splats

	if ! dmesg | awk -v mark="story: $mark" -v splats="$SPLATS" '
		since && $0 ~ splats
		substr($0, length($0) - length(mark) + 1) == mark { since = 1 }
		END { exit !since }' >"$state/splats"; then
		note "FAILED: the kernel log has lost the beginning of the story"
		return 1
	fi
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
		unexpected=$state/unexpected
		grep -Evf "$state/expected" "$state/splats" >"$unexpected"
	fi
	if [ -s "$unexpected" ]; then
		head -n 5 "$unexpected" | while read -r line; do
			note "FAILED: kernel log: $line"
		done
		bad=1
	fi
	return $bad
}

# Around a story there are as few processes as possible: these take more time than a short story.
start_log() {
	local file

	mark=$1
	state=/tmp/story
	[ -d $state ] || mkdir $state
	for file in expected allowed ignored checks skip stuck; do
		: >$state/$file
	done
	[ -z "$hw_leaves" ] || echo "$hw_leaves" >$state/ignored
	echo "<5>story: $mark" >/dev/kmsg
}

# Sets the knobs of all IOMMU models to the values of $knobs.
set_knobs() {
	local file pair

	for file in "$DEBUGFS"/board/iommu*/knobs; do
		[ -w "$file" ] || continue
		for pair in $(echo "${knobs:-}" | tr , ' '); do
			echo "${pair%%=*} ${pair#*=}" >"$file" || note "FAILED: knob $pair"
		done
	done
}

# Loads the modules of the boot. The kernel log is checked as for a story.
load_modules() {
	start_log modules
	for name in $(echo "${modules:-}" | tr , ' '); do
		modprobe "$name" || note "FAILED: modprobe $name"
	done
	set_knobs
	if [ "${load_driver:-1}" = 1 ]; then
		load_driver || note "FAILED: modprobe $driver_module"
	fi
	# Misuse by a driver that is being loaded is before the first story.
	[ "$driver" = c ] || misuse | while read -r name; do
		note "FAILED: oracle: $name"
	done
	# The first story starts when the masters' drivers are bound and have created their devices.
	case $image in
	*arm*) poll 20 settled || : ;;
	esac
	# "domains=TYPE" is an argument of the boots whose drivers demand another type.
	if [ -n "${domains:-}" ]; then
		default_domains "$domains" || note "FAILED: domains of the type $domains"
		poll 20 settled || :
	fi
	log_clean || :
}

# True if the machine's state did not change for a second.
settled() {
	world >"$state/a"
	ls /sys/class/net /sys/class/block >>"$state/a"
	sleep 1
	world >"$state/b"
	ls /sys/class/net /sys/class/block >>"$state/b"
	cmp -s "$state/a" "$state/b"
}

# Defines the functions that all stories may use.
load_libraries() {
	local library
	for library in board dart fail race sleep sun50i tegra undo virt; do
		. "/stories/lib/$library.sh"
	done
}

# run_story NUMBER NAME MORE: MORE is true if it is not the last test of the boot. The state before
# a story is that before the last one if that changed nothing ($unchanged).
run_story() {
	local number=$1 name=${2%%:*} arg='' rc=0 result=ok line checked=0 kept=false

	case $2 in
	*:*) arg=${2#*:} ;;
	esac
	if [ -n "$blocker" ]; then
		say "ok $number $2 # SKIP not run: $blocker"
		return
	fi
	say "# begin $2"
	start_log "$2 #$number"
	if [ $unchanged = false ]; then
		! $3 || world >$state/world
		oracle >$state/before
	fi
	unchanged=false
	if [ ! -f "/stories/$name.sh" ]; then
		note "FAILED: there is no story $name"
		say "not ok $number $2"
		return
	fi
	(
		checks=0
		trap 'echo "$checks" >$state/checks' EXIT
		set -u
		set -- "$arg"
		. "/stories/$name.sh"
	) || rc=$?
	if [ $rc = 4 ] && [ -s $state/skip ]; then
		rc=0
	elif [ $rc != 0 ]; then
		note "FAILED: the story ended with status $rc"
		result="not ok"
	elif ! read -r checked <$state/checks || [ "$checked" = 0 ]; then
		note "FAILED: the story checked nothing"
		result="not ok"
	else
		oracle_kept && kept=true || result="not ok"
	fi
	if $3 && ! undo $rc; then
		while read -r line; do
			note "FAILED: what it leaves cannot be undone: $line"
		done <$state/stuck
		blocker="$2 left what cannot be undone"
		result="not ok"
	elif $kept && [ ! -s $state/ignored ] && [ ! -s $state/changes ]; then
		unchanged=true
	fi
	log_clean || result="not ok"
	line="$result $number $2"
	[ "$result" = ok ] && [ -s $state/skip ] && line="$line # SKIP $(cat $state/skip)"
	say "$line"
}

# Checks for leaks that kmemleak finds at the end of a boot. It does not report young objects, so
# the scan is repeated after some seconds.
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
	# Leave out objects of the host's C library, whose references are in the host's memory.
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
	local list number=0 count=0 name leaks=0 more blocker='' unchanged=false

	list=$(echo "${stories:-boot}" | tr , ' ')
	for name in $list; do
		count=$((count + 1))
	done
	if [ "${leak_scan:-off}" = on ] && [ -w $DEBUGFS/kmemleak ]; then
		leaks=1
	fi
	say "KTAP version 1"
	say "1..$((count + leaks))"
	load_libraries
	load_modules
	for name in $list; do
		number=$((number + 1))
		# The changes of the last test need not be undone.
		[ $number -lt $((count + leaks)) ] && more=true || more=false
		run_story $number "$name" $more
	done
	[ $leaks = 0 ] || run_kmemleak $((number + 1))
	say "# end"
}
