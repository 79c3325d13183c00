# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The devicetree of a real machine: each of its DARTs, or the memory controller of a Tegra, is
# bound, and each master of an "iommus" or "iommu-map" property gets the instances and streams
# that the tree names.
# $sweep_want has the numbers that the host has counted in the same tree.

S=$DEBUGFS/board_sweep
R=$DEBUGFS/rust_iommu

number() { awk -v n="$1" '$1 == n { print $2 }' "$S/numbers"; }

# step NAME: runs the step and checks that it found no difference from the tree.
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

# Prints "INSTANCE MASTER STREAM" for each stream that the crate lists.
listed() {
	awk '
		FNR == 1 { n = split(FILENAME, path, "/"); dart = path[n - 1] }
		{
			master = $1; sub(/:$/, "", master); sub(/, .*/, "")
			for (i = 3; i <= NF; i++) print dart, master, $i
		}' "$R"/*/masters
}

# Prints "INSTANCE STREAM" for each stream that the hardware does not deny. TCR is at
# 0x1000 in the layout that also has 0xc00, and at 0x100 in the other one.
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

# same WHAT GOT: checks that the lines of a file are those of the tree.
same() {
	counted
	sort "$2" | diff -U 0 /tmp/tree - >/tmp/differ && return
	# Missing lines have a minus, extra lines a plus.
	grep '^[-+][^-+]' /tmp/differ | head -n 20 | while read -r line; do
		note "FAILED: $1: $line"
	done
	end_story 1
}

# as_named WHAT: checks that crate and hardware have exactly the streams of the tree.
as_named() {
	sort "$S/streams" >/tmp/tree
	listed >/tmp/got
	same "$1, in the crate" /tmp/got
	# The registers of a swgroup show nothing for the identity domain.
	[ "$driver_module" != rust_tegra_smmu ] || return 0
	cut -d ' ' -f 1,3 "$S/streams" | sort -u >/tmp/tree
	open_streams >/tmp/got
	same "$1, in the hardware" /tmp/got
}

# The console is quiet, because a line for each function would take most of the time.
dmesg -n 1
check "the sweep loads" load board_sweep

# Masters that existed before their IOMMUs, and masters that are added after them.
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
refute "there is nothing in this tree" test "$(number iommus)" = 0 -o "$(number masters)" = 0
note "${devicetree#*/}: $said"
step end
check "the sweep goes" unload board_sweep
