# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two masters are in one group and attached to domain A when the hardware gets stuck.
# B cannot be attached, they stay in A, their copies continue, and B can be freed. The
# detach from A, which must not fail, leaves none of its freed pages reachable.

# Commands that are given while the hardware hangs count as misuse.
in_use() { oracle | grep -v _misuse_; }

two_of_a_group
before=$(in_use)
does "$M" alloc 0
does "$M" gattach 0
buffers 4
does - buf 2 4
does - buf 3 4
does - map 0 0x100000 0 0 0x4000 r
does - map 0 0x200000 1 0 0x4000 w
does - map 0 0x300000 2 0 0x4000 w
does - map 0 0x400000 3 0 0x4000 r
memory=$(in_use)
for master in "$M" "$other"; do
	does "$M" alloc 1
	does - map 1 0x500000 0 0 0x4000 r
	mark 0
	table=$(hw_table 0)
	does "$M" load start 0 0x100000 1 0x200000 0x4000
	does "$other" load start 3 0x400000 2 0x300000 0x4000
	wait_for "one copies" 5 copies "$M" 2
	wait_for "the other copies" 5 copies "$other" 2
	hw_stick 0
	refuses "$master" replace 1
	note "refused: $client_errno"
	hw_unstick 0
	for dev in "$M" "$other"; do
		says "paging 0" "$dev" domain
	done
	equal "table" "$(hw_table 0)" "$table"
	does "$M" load stat
	wait_for "one copies on" 5 copies "$M" $(($(said passes) + 2))
	does "$other" load stat
	wait_for "the other copies on" 5 copies "$other" $(($(said passes) + 2))
	does "$M" load stop
	passes=$(said passes)
	equal "mismatches of one" "$(said mismatches)" 0
	does "$other" load stop
	equal "mismatches of the other" "$(said mismatches)" 0
	check "both copied" test "$passes" -gt 5 -a "$(said passes)" -gt 5
	note "accesses denied on the way: $(said errors) of $(said passes) passes"
	does "$M" copy 0 0x100000 0x200000 0x4000
	does "$other" copy 0 0x400000 0x300000 0x4000
	does - cmp 0 0 0x4000 1 0
	does - cmp 3 0 0x4000 2 0
	denied no- "$M" read 0 0x500000 64
	denied no- "$other" read 0 0x500000 64
	sealed 0
	does - free 1
	equal "B is all gone" "$(in_use)" "$memory"
done

# The detach from A must succeed even if the hardware does not answer. A is freed, but
# tables that the hardware may still walk stay allocated until it answers.
mark 0
hw_stick 0
does "$M" gdetach 0
for dev in "$M" "$other"; do
	says identity "$dev" domain
done
does - free 0
hw_unstick 0
does "$M" alloc 0
does - map 0 0x600000 0 0 0x4000 r
does "$M" gattach 0
does "$M" read 0 0x600000 0x4000
does "$other" read 0 0x600000 0x4000
denied no- "$M" read 0 0x100000 64
denied no- "$other" read 0 0x300000 64
sealed 0
does "$M" gdetach 0
does - free 0
drop_buffers
equal "counts" "$(in_use)" "$before"
