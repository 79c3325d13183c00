# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The hardware's highest stream is translated. Numbers above it are refused with a line
# that names the number.

# limits BAD GOOD: applies the overlay with these streams in it.
limits() {
	xxd -p "/overlays/$soc-limit.dtbo" | tr -d '\n' |
		sed "s/facefeed/$(printf %08x "$1")/; s/facefade/$(printf %08x "$2")/" | xxd -r -p >/tmp/limit
	cat /tmp/limit >"$B/overlay/apply"
}

highest=${hw_highest_stream:-$((hw_streams - 1))}
wire=$(wires | grep '^7 ')
for bad in $hw_streams 65535 65536 $((0xffffffff)); do
	check "overlay" limits "$bad" $highest
	wait_for "the master of stream $highest" 5 usable_at 2004000
	refute "the master of stream $bad is behind the IOMMU" has_group "$(master 2003000)"
	check "the log has the number" log_has "no such master ID: \\[$bad\\]"
	echo "7 3 $(hw_port $highest)" >"$B/wiring"
	works "$(master 2004000)"
	check "overlay" overlay_remove all
done
echo "$wire" >"$B/wiring"
