# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# One domain is replaced by another a hundred times while the device copies. None of its
# accesses is untranslated, none uses a mixture of two tables, and the copies are correct.

begin
does "$M" alloc 1
does - buf 0 16
does - buf 1 16
for d in 0 1; do
	does - map $d 0x100000 0 0 0x10000 r
	does - map $d 0x200000 1 0 0x10000 w
done
# A page that only one of the domains has.
does - map 1 0x300000 0 0 0x1000 r
mark 0
does "$M" load start 0 0x100000 1 0x200000 0x10000 1
for round in $(seq 50); do
	does "$M" replace 1
	# On a busy machine the device may not get a turn between two changes.
	if [ "$round" = 25 ]; then
		does "$M" load stat
		wait_for "it copies through the other table" 5 copies "$M" "$(said passes)"
	fi
	does "$M" replace 0
done
wait_for "the device copies" 5 copies "$M" 10
does "$M" load stop
equal "copies that went wrong" "$(said mismatches)" 0
! $hw_switches_at_once || equal "accesses that were denied" "$(said errors)" 0
sealed 0
switched=$(report 0 table_1)
check "both tables were used" test -n "$switched"
denied no- "$M" read 0 0x300000 64
does "$M" replace 1
does "$M" read 0 0x300000 64
# The hardware has left the first domain, which goes with its tables.
if [ "$driver" = rust ]; then
	domains() { cat "$DEBUGFS"/rust_iommu/*/domains | grep -c '^domain '; }
	before=$(domains)
	does - free 0
	equal "domains" "$(domains)" $((before - 1))
else
	does - free 0
fi
record switch_copies "$(client "$M" load stat | awk '{ print $4 }')"
does "$M" detach 1
says identity "$M" domain
does - free 1
drop_buffers
