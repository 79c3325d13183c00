# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# All masters of a group are attached to a domain together. Then all of them copy through it at
# the same time. On sun50i all masters of an instance are one group.

M=$(first_master)
masters=
for dev in $(masters); do
	translated "$dev"
	[ "$(client "$dev" group)" != "$(client "$M" group)" ] || masters="$masters $dev"
done
equal "masters of the group" "$(echo $masters | wc -w)" "${hw_group_size:-$(masters | wc -l)}"
does "$M" alloc 0
fails -22 "$M" attach 0
does "$M" gattach 0
for dev in $masters; do
	says "paging 0" "$dev" domain
done

: >/tmp/wrong
does - buf 0 16
does - pattern 0 7
does - map 0 0x100000 0 0 0x10000 r
# Each master copies to its own place, eight times.
eight_copies() {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		client "$1" copy 0 0x100000 "$2" 0x10000 >/dev/null || echo "$1: $client_said"
	done
}
n=1
for dev in $masters; do
	n=$((n + 1))
	does - buf $n 16
	does - map 0 $((n * 0x1000000)) $n 0 0x10000 w
	eight_copies "$dev" $((n * 0x1000000)) >>/tmp/wrong &
done
wait
equal "copies that failed" "$(cat /tmp/wrong)" ""
while [ $n -gt 1 ]; do
	does - cmp 0 0 0x10000 $n 0
	n=$((n - 1))
done
does "$M" gdetach 0
for dev in $masters; do
	says identity "$dev" domain
done
does - free 0
drop_buffers
