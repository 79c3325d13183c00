# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Accesses of any port of any IOMMU, and their outcomes in the log of the model. The engine
# that makes them has no IOMMU in the devicetree and is wired to one port after the other.

probe_engine=7
probe_dev=102004000.dma-master

# Prepares the engine, and buffer 0 with 8 pages. p0 to p7 are their addresses as the
# model prints them.
probe_start() {
	[ ! -e /run/probing ] || skip "an earlier story has left ports in a state that is not known"
	: >/run/probing
	check "the engine" overlay_apply probe
	read -r probe_overlay <"$B/overlay/last"
	wait_for "the engine's driver" 5 bound $probe_dev
	probe_wire=$(wires | grep "^$probe_engine ")
	does - buf 0 8
	for _i in 0 1 2 3 4 5 6 7; do
		does - bphys 0 $((_i * 4096))
		export "p$_i=$(printf '0x%08x' "$client_said")"
	done
	probe_port='' probe_wanted=''
	for _i in 0 1 2 3; do
		mark $_i
		cat "$B/iommu$_i/knobs" >/tmp/knobs$_i
	done
}

# Returns the knobs of the models to the values that they had at probe_start.
probe_knobs() {
	for _i in 0 1 2 3; do
		while read -r _knob; do
			echo "$_knob" >"$B/iommu$_i/knobs"
		done </tmp/knobs$_i
	done
}

probe_end() {
	echo "$probe_wire" >"$B/wiring"
	check "the engine is removed" overlay_remove "$probe_overlay"
	does - bfree 0
	rm /run/probing
}

# probe IOMMU PORT r|w ADDRESS WANT [or-denied]: accesses ADDRESS through this port. WANT is
# "PA translated", "PA passed" or "denied". The outcome is compared by probed.
probe() {
	if [ "$1 $2" != "$probe_port" ]; then
		probe_port="$1 $2"
		echo "$probe_engine $1 $(hw_port "$2")" >"$B/wiring"
	fi
	case $3 in
	r) client $probe_dev read 0 "$4" 4 >/dev/null || : ;;
	w) client $probe_dev fill 0 "$4" 4 0 >/dev/null || : ;;
	esac
	probe_wanted="$probe_wanted$1 $2 $3 $4 $5${6:+|$1 $2 $3 $4 denied}
"
}

# Compares the accesses since the last call with the logs of the models, which have the last
# 64 of each IOMMU. None has used a mixture of tables or was a stray.
probed() {
	counted
	printf %s "$probe_wanted" >/tmp/wanted
	probe_wanted=
	awk -v strays="$strays" -v ports="$hw_logs_ports" '
		# A line with the port replaced, if the log has another number.
		function plain(line) {
			if (ports != "true")
				sub(/ [0-9]+ /, " - ", line)
			return line
		}
		FILENAME == "/tmp/wanted" { want[++n] = $0; count[$1]++; next }
		FILENAME ~ /recent$/ {
			i = FILENAME
			sub(".*/iommu", "", i)
			i += 0
			how = $9 ~ /^(faulted|blocked)$/ ? "denied" : $8 " " $9
			got[i, ++seen[i]] = plain(i " " $3 " " $4 " " $6 " " how)
			next
		}
		$1 == "stale_table" && $2 { print $2 " accesses through a mixture of tables" }
		{ value[$1] = $2 }
		END {
			for (l = 1; l <= n; l++) {
				split(want[l], allowed, "|")
				i = substr(want[l], 1, 1)
				at = seen[i] - count[i]-- + 1
				was = (i, at) in got ? got[i, at] : "not in the log"
				if (was != plain(allowed[1]) && was != plain(allowed[2]))
					print "wanted: " want[l] ", was: " was
			}
			if (value["stray_reads"] "." value["stray_writes"] != strays)
				print "an access of memory that it must not reach"
		}' /tmp/wanted "$B"/iommu[0-3]/recent "$B"/iommu[0-3]/report "$B/stats" >/tmp/probed
	if [ -s /tmp/probed ]; then
		while read -r _line; do
			note "FAILED: $_line"
		done </tmp/probed
		fail "an access had another outcome"
	fi
}
