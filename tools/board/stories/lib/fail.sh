# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox disable=SC2034 # what stories use
# Fails the Nth allocation of this task (CONFIG_FAULT_INJECTION), and lists the splats
# that other kernel code prints then.

# Includes allocations that may sleep, and those of one page, which are exempt by
# default.
fail_setup() {
	local name
	for name in failslab fail_page_alloc; do
		[ -d "$DEBUGFS/$name" ] || skip "the kernel has no $name"
		echo N >"$DEBUGFS/$name/ignore-gfp-wait"
		equal "$name/ignore-gfp-wait" "$(cat "$DEBUGFS/$name/ignore-gfp-wait")" N
		echo 2 >"$DEBUGFS/$name/verbose"
	done
	echo 0 >"$DEBUGFS/fail_page_alloc/min-order"
	equal "fail_page_alloc/min-order" "$(cat "$DEBUGFS/fail_page_alloc/min-order")" 0
	# With this priority, a worker runs when this task sleeps, and not while a failure is
	# being printed.
	echo 1 >"$B/go_first"
	fail_rounds=0 fail_tolerated=0 fail_refused=0
}

# fail_write N FILE LINE: writes LINE to FILE, with the Nth allocation failing.
# "failed" is true if there were that many. Only the write is counted: the files are
# opened before, and builtin commands start no process.
fail_write() {
	local left
	exec 7>"$2" 8>/proc/self/fail-nth 9</proc/self/fail-nth
	echo "$1" >&8
	fail_wrote=true
	echo "$3" >&7 || fail_wrote=false
	read -r left <&9
	echo 0 >&8
	exec 7>&- 8>&- 9<&-
	fail_rounds=$((fail_rounds + 1))
	[ "$left" = 0 ] && failed=true || failed=false
}

# fail_client N DEV COMMAND...: runs client with the Nth allocation failing. The errno
# is "none" if the write itself failed and the command did not run.
fail_client() {
	local n=$1 dev=$2
	shift 2
	[ "$dev" = - ] && dev=.
	fail_write "$n" "$C/$dev/cmd" "$*"
	client_errno=none client_said=
	! $fail_wrote || read -r client_errno client_said <"$C/$dev/result"
}

# fail_all PERCENT: fails this share of the task's allocations that may not sleep.
fail_all() {
	local name
	echo $(($1 > 0)) >/proc/self/make-it-fail
	for name in failslab fail_page_alloc; do
		echo "$1" >"$DEBUGFS/$name/probability"
	done
}

# same_counts WHAT BEFORE: waits for deferred work, then compares the counts.
same_counts() {
	counted
	poll 5 oracle_is "$2" && return
	oracle >/tmp/now
	echo "$2" | diff -U 0 - /tmp/now | grep '^[-+][^-+]' | while read -r line; do
		note "$line"
	done
	fail "counts after $1"
}
oracle_is() { [ "$(oracle)" = "$1" ]; }

# fail_report PATH [REGEX]: reports how many allocations failed since the story began,
# how many of them in calls of the Rust modules, and the innermost function of these.
# With REGEX, only those in calls of a function whose name matches.
fail_report() {
	local path=$1 within=${2:-.} module="${driver_module}"
	log_since | awk -v within="$within" -v mods="(rust_iommu|$module)" '
	function close_block() {
		if (open && site != "" && inside) sites[site]++
		open = 0
	}
	/FAULT_INJECTION: forcing a failure/ { close_block(); all++; open = 1; site = ""; inside = 0; next }
	open && /\[<[0-9a-f]+>\] [^?]/ && $0 ~ ("\\[" mods "\\]") {
		name = $0
		sub(/^.*\[<[0-9a-f]+>\] /, "", name)
		if (site == "") site = name
		if (name ~ within) inside = 1
	}
	END {
		close_block()
		for (site in sites) { n++; ours += sites[site]; print "site", sites[site], site }
		print "total", all + 0, ours + 0, n + 0
	}' >/tmp/fail-sites
	grep '^site' /tmp/fail-sites | while read -r word times site; do
		note "$path: $times at $site"
	done
	cp /tmp/fail-sites "/results/fail-nth-$path.txt" 2>/dev/null
	read -r word fail_all fail_ours fail_sites <<-EOF
	$(grep '^total' /tmp/fail-sites)
	EOF
	note "$path: $fail_rounds rounds, $fail_all allocations failed, $fail_ours of them below our code at $fail_sites sites; refused $fail_refused, done without $fail_tolerated"
	record "fail_nth_$path" "$fail_all"
	record "fail_nth_${path}_ours" "$fail_ours"
	record "fail_nth_${path}_sites" "$fail_sites"
	check "allocations failed on the path $path" test "$fail_ours" -gt 0
}

# waived REGEX [must]: accepts a splat of other kernel code if the log has it.
waived() {
	if [ "${2:-}" = must ] || log_has "$1"; then
		note "waived: $(log_count "$1") times: $1"
		expect_splat "$1"
	fi
}

# Accepts the splats that lib/waivers lists.
waive() {
	local regex
	grep -v '^#' /stories/lib/waivers >/tmp/waivers
	while read -r regex; do
		waived "$regex" "${1:-}"
	done </tmp/waivers
}
