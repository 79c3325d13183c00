# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A deliberate mistake is reported. Each kind has its own boot, since most detectors
# report only once: uaf, leak, lock, sleep, mapping, unmap, node.

case $1 in
uaf)
	expect_splat 'BUG: KASAN: slab-use-after-free in '
	check "the mistake is made" load board_broken how=uaf
	;;
leak)
	# The scan prints two lines: the number of leaks, and the process that reads the file.
	expect_splat 'new suspected memory leaks'
	check "the kernel looks for leaks" test -w $DEBUGFS/kmemleak
	echo scan >$DEBUGFS/kmemleak
	echo clear >$DEBUGFS/kmemleak
	check "the mistake is made" load board_broken how=leak
	# kmemleak reports objects that are some seconds old and unchanged between two scans.
	found=0
	for _ in $(seq 20); do
		sleep 6
		echo scan >$DEBUGFS/kmemleak
		cp $DEBUGFS/kmemleak /tmp/leaks
		found=$(grep -c ' leak+.*\[board_broken\]' /tmp/leaks)
		[ "$found" -le 4 ] || break
	done
	note "leaks that are reported: $found"
	# The addresses of some objects may still be in memory.
	check "they are reported" test "$found" -gt 4
	check "with where they come from" grep -q 'board_broken' /tmp/leaks
	echo clear >$DEBUGFS/kmemleak
	;;
lock)
	expect_splat 'WARNING: possible circular locking dependency detected'
	check "the mistake is made" load board_broken how=lock
	;;
sleep)
	expect_splat 'BUG: sleeping function called from invalid context at '
	# The kernel prints this warning at most once a second, and may just have done so.
	sleep 2
	check "the mistake is made" load board_broken how=sleep
	;;
unmap)
	expect_splat 'WARNING: kernel/dma/debug.c:.* at check_unmap'
	expect_splat 'DMA-API: .*tries to free DMA memory it has not allocated'
	check "the mistake is made" load board_broken how=unmap "of=$(first_instance)"
	check "the module goes" unload board_broken
	;;
mapping)
	before=$(oracle)
	mappings=$(dma_mappings)
	check "the mistake is made" load board_broken how=mapping "of=$(first_instance)"
	check "the oracle sees it" test "$(oracle)" != "$before"
	equal "mappings" "$(dma_mappings)" $((mappings + 1))
	check "the module goes" unload board_broken
	equal "the oracle" "$(oracle)" "$before"
	;;
node)
	expect_splat 'OF: ERROR: memory leak, expected refcount 1 instead of'
	oracle_off "a node is leaked on purpose"
	check "an instance comes" overlay_apply instance
	wait_for "it is bound" 5 bound "$(instance 30e0000)"
	check "the mistake is made" load board_broken how=node "of=$(instance 30e0000)"
	check "it goes" overlay_remove all
	;;
*) fail "no such detector: $1" ;;
esac
