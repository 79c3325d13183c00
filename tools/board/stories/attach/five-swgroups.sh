# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master has five swgroups, which are in one domain at any time. If the register of one of them
# ignores writes, an attach fails, and all are in the domain from before. A swgroup that cannot be
# denied is named in the log, and its domain keeps its tables.

check "a master" overlay_apply wide
wait_for "the master" 5 usable_at 1c0e000
M=$(master 1c0e000)
swgroups=$(xxd -p -c 8 "/sys/bus/platform/devices/$M/of_node/iommus" | cut -c 9- | while read -r number; do
	echo $((0x$number))
done)
equal "swgroups" "$(echo $swgroups | wc -w)" 5
does "$M" alloc 0
does "$M" alloc 1
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does - map 1 0x2000 0 0 0x1000 rw
physical=$(client - bphys 0 0)
wire=$(wires | grep '^1 ')

# in_domain physical|0|1 [EXCEPT]: accesses of all swgroups but EXCEPT have these outcomes
in_domain() {
	local number
	for number in $swgroups; do
		[ "$number" != "${2:-}" ] || continue
		echo "1 0 $(hw_port "$number")" >"$B/wiring"
		case $1 in
		physical)
			does "$M" read 0 "$physical" 64
			;;
		blocked)
			denied no- "$M" read 0 0x1000 64
			denied no- "$M" fill 0 "$physical" 64 0
			;;
		*)
			does "$M" read 0 $((0x1000 + 0x1000 * $1)) 64
			denied no- "$M" read 0 $((0x2000 - 0x1000 * $1)) 64
			;;
		esac
	done
}

in_domain physical
# The clients' bits stay set.
does "$M" gattach 0
does "$M" gdetach 0
before=$(cat "$B/iommu0/regs")
for fixed in $swgroups; do
	knob 0 fixed "$fixed"
	fails -5 "$M" gattach 0
	in_domain physical
	knob 0 fixed 0
done
check "a line names it" log_has "$M: .*: attach failed, nothing changes: the registers do not hold what is written: EIO"
equal "the registers" "$(cat "$B/iommu0/regs")" "$before"

does "$M" replace 0
in_domain 0
mark 0
for fixed in $swgroups; do
	knob 0 fixed "$fixed"
	fails -5 "$M" replace 1
	in_domain 0
	knob 0 fixed 0
	does "$M" replace 1
	in_domain 1
	does "$M" replace 0
done
sealed 0

# The last one cannot be denied, and stays in the domain.
knob 0 fixed "$fixed"
does "$M" block
check "a line names it" log_has "$M: .*: swgroup $fixed is not denied: the registers do not hold what is written"
in_domain blocked "$fixed"
does - free 0
echo "1 0 $(hw_port "$fixed")" >"$B/wiring"
does "$M" read 0 0x1000 64
knob 0 fixed 0
# Blocked again by way of another domain.
does "$M" replace 1
in_domain 1
does "$M" block
in_domain blocked
sealed 0
does "$M" unblock
in_domain physical
does - free 1
check "overlay" overlay_remove all
echo "$wire" >"$B/wiring"
drop_buffers
