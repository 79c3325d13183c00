# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master's accesses on one CPU fault all the time, and the fault handler of its domain
# maps and unmaps there. Meanwhile the other CPU allocates, attaches, detaches and frees
# such domains. The handler gets the master's device, and can always map.
# fault-reentrancy:SECONDS, at least, in runs of a second

seconds=${1:-5}
two_cpus
# The other CPU turns the hardware off while the interrupt of a fault is being delivered, so the
# interrupt handler finds no power. A level-triggered line behaves the same on a SoC.
oracle_ignore '^irq_unhandled_'
M=$(first_master)
translated "$M"
buffers 1
enough() { [ "$rounds" -gt 20 ] && [ "$handled" -gt 100 ]; }
runs=0 rounds=0 handled=0
while again_until "$seconds" enough; do
	does "$M" storm 0x90000000 0 1000
	rounds=$((rounds + $(said rounds))) handled=$((handled + $(said handled)))
	equal "attaches that failed" "$(said errors)" 0
	equal "faults told of another device" "$(said wrong_dev)" 0
	equal "handlers that could not map" "$(said failed)" 0
done
note "$runs runs, domains $rounds, faults handled $handled"
record fault_reentrancy_rounds "$rounds"
record fault_reentrancy_handled "$handled"
says identity "$M" domain
drop_buffers
