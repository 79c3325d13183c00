# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A domain is attached and detached eight times; each time the device copies through it.
# In between, accesses are untranslated again, and the hardware is off.

M=$(first_master)
translated "$M"
buffers 4
does "$M" alloc 0
does - map 0 0x100000 0 0 0x4000 r
does - map 0 0x200000 1 0 0x4000 w
before=$(oracle)
for round in $(seq 8); do
	does - pattern 0 $round
	does "$M" attach 0
	check "the hardware translates" hw_translates 0
	does "$M" copy 0 0x100000 0x200000 0x4000
	does - cmp 0 0 0x4000 1 0
	does "$M" detach 0
done
equal "counts" "$(oracle)" "$before"
refute "the hardware is off" hw_translates 0
says identity "$M" domain
mark 0
does "$M" copy 0 "$(client - bphys 0 0)" "$(client - bphys 1 0)" 64
check "it went out untranslated" test "$(report 0 passed)" -gt 0
says 16384 - unmap 0 0x100000 0x4000
says 16384 - unmap 0 0x200000 0x4000
does - free 0

# A new domain for each round, at other addresses. Nothing is cached of those of the last round.
for round in 1 2 3 4 5 6; do
	from=$((round * 0x1000000)) to=$((round * 0x1000000 + 0x800000))
	begin
	does - map 0 $from 0 0 0x4000 r
	does - map 0 $to 1 0 0x4000 w
	does - set 1 0 0x4000 0
	does "$M" copy 0 $from $to 0x4000
	does - cmp 0 0 0x4000 1 0
	denied no- "$M" read 0 $((from - 0x1000000)) 64
	denied no- "$M" fill 0 $((to - 0x1000000)) 64 1
	does "$M" detach 0
	# The domain is freed with its mappings.
	does - free 0
done
drop_buffers
