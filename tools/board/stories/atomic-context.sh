# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A hard interrupt maps, asks and unmaps in the MiB in which a task does: on the
# task's own CPU, and on the other one. atomic-context:SECONDS

seconds=${1:-2}
two_cpus
before=$(table_slabs)
begin
buffers 16
for how in '' across; do
	# shellcheck disable=SC2086 # an optional argument
	does "$M" atomic 0 0x100000 0 $((seconds * 1000)) $how
	note "${how:-interrupting}: $client_said"
	set -- $(echo "$client_said" | awk '{ print $2, $4, $6, $7, $9 }')
	check "the task worked: $1" test "$1" -gt 100
	check "the interrupt worked: $2" test "$2" -gt 20
	equal "errors" "$3 $4" "0 0"
	check "they met: $5" test "$5" -gt 0
	record "atomic_${how:-interrupting}_met" "$5"
	check "few tables" test "$(tables 30f0000)" -le 1
done
finish
equal "tables" "$(table_slabs)" "$before"
