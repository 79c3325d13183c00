# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A hard interrupt maps, looks up and unmaps in the same MiB as a task: on the task's own CPU, and
# on the other one. Runs of a second are repeated until both have worked and have overlapped.
# atomic-context:SECONDS, at least

seconds=${1:-2}
enough() { [ $tasks -gt 100 ] && [ $interrupts -gt 20 ] && [ $met -gt 0 ]; }

two_cpus
before=$(table_slabs)
begin
buffers 16
for how in '' across; do
	runs=0 tasks=0 interrupts=0 met=0
	while again_until "$seconds" enough; do
		# shellcheck disable=SC2086 # an optional argument
		does "$M" atomic 0 0x100000 0 1000 $how
		set -- $(echo "$client_said" | awk '{ print $2, $4, $6, $7, $9 }')
		tasks=$((tasks + $1)) interrupts=$((interrupts + $2)) met=$((met + $5))
		equal "errors" "$3 $4" "0 0"
	done
	note "${how:-interrupting}: $runs runs, task $tasks, interrupt $interrupts, met $met"
	record "atomic_${how:-interrupting}_met" "$met"
	check "few tables" test "$(tables_of "$hw_first_instance")" -le 1
done
finish
equal "tables" "$(table_slabs)" "$before"
