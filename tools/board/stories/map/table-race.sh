# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two CPUs map and unmap alternate pages of one MiB in the same table, while a master copies
# through the same directory. Then each CPU also maps and unmaps pages of the other one, which may
# fail but must do no harm. Runs of a second are repeated until both have overlapped often enough.
# table-race:SECONDS, at least

seconds=${1:-3}
enough() { [ $one -gt 5 ] && [ $two -gt 5 ] && [ $met -gt 100 ] && copies "$M" 5; }

two_cpus
before=$(table_slabs)
begin
buffers 16
does - buf 2 256
does - map 0 0x40000000 0 0 0x10000 r
does - map 0 0x40100000 1 0 0x10000 w
mark 0
ways="fair misuse"
$hw_bears_misuse || ways=fair
for how in $ways; do
	does "$M" load start 0 0x40000000 1 0x40100000 0x10000
	runs=0 one=0 two=0 met=0
	while again_until "$seconds" enough; do
		# shellcheck disable=SC2046 # an optional argument
		does "$M" pages 0 0x100000 2 1000 $([ $how = fair ] || echo misuse)
		set -- $(echo "$client_said" | awk '{ print $2, $3, $5, $6, $8 }')
		one=$((one + $1)) two=$((two + $2)) met=$((met + $5))
		[ $how = misuse ] || equal "errors" "$3 $4" "0 0"
	done
	note "$how: $runs runs, rounds $one and $two, met $met"
	record "table_race_${how}_rounds" $((one + two))
	record "table_race_${how}_met" "$met"
	does "$M" load stop
	equal "its errors" "$(said errors)" 0
	equal "its mismatches" "$(said mismatches)" 0
	# Misuse may have left a page.
	client - unmap 0 0x100000 0x100000 >/dev/null
	denied no- "$M" read 0 0x1ff000 64
	# Empty tables may stay for the next map, but not many.
	note "tables after $how: $(tables_of "$hw_first_instance")"
	check "few tables" test "$(tables_of "$hw_first_instance")" -le 3
	sealed 0
done
says 65536 - unmap 0 0x40000000 0x10000
says 65536 - unmap 0 0x40100000 0x10000
finish
equal "tables" "$(table_slabs)" "$before"
