# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The devicetree of a real machine: each of its DARTs is bound, and each master,
# of "iommus" or of "iommu-map", gets the instances and streams that the tree
# names. $sweep_want has how many of each the host has counted in the same tree.

S=$DEBUGFS/board_sweep
R=$DEBUGFS/rust_iommu

number() { awk -v n="$1" '$1 == n { print $2 }' "$S/numbers"; }

# step NAME: nothing of it is other than the tree says.
step() {
	counted
	echo "$1" >"$S/step" || fail "$1: not done"
	if [ "$(number wrong)" != 0 ]; then
		log_since | grep -o 'board_sweep: .*' | head -n 20 | while read -r line; do
			note "FAILED: $1: $line"
		done
		end_story 1
	fi
}

# "INSTANCE MASTER STREAM" for each stream: as the crate lists them
listed() {
	awk '
		FNR == 1 { n = split(FILENAME, path, "/"); dart = path[n - 1] }
		{
			master = $1; sub(/:$/, "", master); sub(/, .*/, "")
			for (i = 3; i <= NF; i++) print dart, master, $i
		}' "$R"/*/masters
}

# "INSTANCE STREAM" for each that the hardware lets through. TCR is at 0x1000 in
# the one layout, which has 0xc00 as well, and at 0x100 in the other.
open_streams() {
	awk '
		function number(hex,   n, i) {
			for (i = 3; i <= length(hex); i++)
				n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
			return n
		}
		FNR == 1 { n = split(FILENAME, path, "/"); i = path[n - 1] }
		path[n] == "where" { dart[i] = $1 ".iommu"; next }
		$1 == "0xc00" { high[i] = 1 }
		/^0x1[0-3][0-9a-f]?[048c] / && $2 !~ /^0x0*$/ { open[i] = open[i] " " $1 }
		END {
			for (i in open) {
				n = split(open[i], at, " ")
				for (k = 1; k <= n; k++) {
					id = (number(at[k]) - (high[i] ? 4096 : 256)) / 4
					if (id >= 0 && id < (high[i] ? 256 : 16)) print dart[i], id
				}
			}
		}' "$B"/iommu*/where "$B"/iommu*/regs
}

# same WHAT GOT: the lines of a file are those of the tree.
same() {
	counted
	sort "$2" | diff -U 0 /tmp/tree - >/tmp/differ && return
	# What is missing has a minus, what is too much a plus.
	grep '^[-+][^-+]' /tmp/differ | head -n 20 | while read -r line; do
		note "FAILED: $1: $line"
	done
	end_story 1
}

# as_named WHAT: crate and hardware have what the tree names, and nothing else.
as_named() {
	sort "$S/streams" >/tmp/tree
	listed >/tmp/got
	same "$1, in the crate" /tmp/got
	cut -d ' ' -f 1,3 "$S/streams" | sort -u >/tmp/tree
	open_streams >/tmp/got
	same "$1, in the hardware" /tmp/got
}

# A line for each function, which would be most of the time.
dmesg -n 1
check "the sweep loads" load board_sweep

# Those that were there before their IOMMUs, and those that come after.
step found
as_named "masters of iommus"
step remove
equal "what is left in the hardware" "$(open_streams)" ""
equal "what is left in the crate" "$(listed)" ""
step add
as_named "masters of iommus, again"
step functions
as_named "functions of iommu-map"
step drop
as_named "masters of iommus, alone"

said=
for pair in $(echo "$sweep_want" | tr , ' '); do
	name=${pair%%=*}
	[ "$name" = disabled ] || equal "$name" "$(number "$name")" "${pair#*=}"
	said="$said${said:+, }${pair#*=} $name"
	record "$name" "${pair#*=}"
done
for name in tried unnamed; do
	record "$name" "$(number $name)"
	said="$said, $(number $name) $name"
done
refute "there is nothing in this tree" test "$(number darts)" = 0 -o "$(number masters)" = 0
note "${devicetree#*/}: $said"
check "the sweep goes" unload board_sweep
