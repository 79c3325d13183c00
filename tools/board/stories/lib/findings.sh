# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Common functions of the stories about the C drivers' findings.  A story runs once
# per driver: with the C driver it fails unless the finding shows, with the Rust
# driver it fails if the finding shows.  The observations are among the data of the
# boot's report, as finding-N*, and scripts/findings combines them.

if [ "$driver" = c ]; then
	oracle_off "the C driver leaves its hardware on and its tables behind"
fi

M=$(master "$(if [ "$soc" = h616 ]; then echo 1c00000; else echo 1100000; fi)")

# finding NUMBER [PART]
finding() {
	row=$1 part=${2:-}
	rows=
	broken=0
	misuses=
}

# keep TEXT: keeps the story's result.
keep() { record "finding-$row${part:+-$part}" "$1"; }

# show WHAT SEEN C RUST: SEEN must match the pattern of this driver, C or RUST.
show() {
	local want=$3
	[ "$driver" = c ] || want=$4
	counted
	rows="$rows${rows:+, }[\"$1\", \"$2\"]"
	# shellcheck disable=SC2254 # a pattern
	case $2 in
	$want) note "$1: $2" ;;
	*)
		note "FAILED: $1: '$2', expected '$want'"
		broken=1
		;;
	esac
}

# Prints the kinds of misuse that the models have counted since the story began.
misused() { misuse | grep -vxFf "$state/before" | sed 's/.*_misuse_//; s/ .*//' | sort -u | paste -sd ' '; }

# Ends the story: the observations so far are its result. $misuses names the misuse of the hardware
# that the C driver shows; the Rust driver must show none.
shown() {
	local seen
	seen=$(misused)
	[ -z "$seen$misuses" ] || show "misuse of the hardware" "${seen:-none}" "$misuses" none
	[ $broken = 0 ] || end_story 1
	keep "{\"number\": $row, \"driver\": \"$driver\", \"image\": \"$image\", \"crash\": false, \"saw\": [$rows]}"
}

# crashes WHAT: the C driver does not survive the next step.
crashes() {
	[ "$driver" = c ] || return 0
	keep "{\"number\": $row, \"driver\": \"c\", \"image\": \"$image\", \"crash\": true, \"saw\": [[\"$1\", \"the kernel dies\"]]}"
}

# arrives CMD...: waits for an event that does not occur with the C driver. With the Rust driver,
# the wait is as long as necessary.
arrives() {
	if [ "$driver" = c ]; then
		poll 2 "$@" || :
	else
		wait_for "$*" 5 "$@"
	fi
}

# Prints the client's whole result: answer DEV COMMAND...
answer() {
	client "$@" >/dev/null
	echo "$client_errno${client_said:+ $client_said}"
}

# Chooses the number of the story's domain. With the C driver each story of a boot needs a new
# number, because domains that were attached cannot be freed (finding 5). On a Tegra they can.
case $driver.$soc in
rust.* | c.t132 | c.t210) frees=true ;;
*) frees=false ;;
esac
fresh() {
	D=0
	if ! $frees; then
		D=$(cat /run/domains 2>/dev/null || echo 0)
		echo $((D + 1)) >/run/domains
	fi
	translated "$M"
	does "$M" alloc "$D"
}

# Allocates a domain and attaches the master's group.
attached() {
	fresh
	does "$M" gattach "$D"
}

# Detaches the group and frees the domain, if the driver allows it.
left() {
	does "$M" gdetach "$D"
	! $frees || does - free "$D"
}

at_least() { [ "$1" -ge "$2" ] && echo yes || echo no; }
at_most() { [ "$1" -le "$2" ] && echo yes || echo no; }
more() { [ "$1" -gt 0 ] && echo yes || echo no; }

# Prints the number of second-level tables: for the C driver the objects of the slab
# cache with the device's name, else the pages of the IOMMU core.
tables() {
	if [ "$driver" = c ]; then
		awk '$1 ~ /^[0-9a-f]+[.]iommu$/ { n += $2 } END { print n + 0 }' /proc/slabinfo
	else
		add_up
		awk '$1 == "nr_iommu_pages" { print $2 }' /proc/vmstat
	fi
}

# Prints how often the driver has cleaned table memory; only some images count it.
cleans() { awk -v n="cleans_$1" '$1 == n { print $2 }' "$B/shadow/stats"; }

handled() { answer - faults | awk '{ print $3 }'; }
blamed() { answer - faults | awk '{ print $5 }'; }
fault_lines() {
	if [ "$driver" = c ]; then
		log_count 'Page fault for'
	else
		log_count '\(stream [0-9]+\): '
	fi
}
