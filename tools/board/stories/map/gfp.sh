# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A map that needs a new table allocates it with the caller's gfp. In atomic context the
# allocation does not sleep, and fails if no memory is free. If the caller may sleep, it
# waits for memory.

begin
buffers 1
fail_setup
# fail_all fails allocations of this task that must not sleep.
for name in failslab fail_page_alloc; do
	echo Y >"$DEBUGFS/$name/ignore-gfp-wait"
	echo Y >"$DEBUGFS/$name/task-filter"
	echo 0 >"$DEBUGFS/$name/verbose"
	echo 1 >"$DEBUGFS/$name/interval"
	echo -1 >"$DEBUGFS/$name/times"
done
# Memory is free.
does - map 0 0x40000000 0 0 0x1000 rw atomic
does - map 0 0x50000000 0 0 0x1000 rw
# No memory is free.
fail_all 100
fails -12 - map 0 0x60000000 0 0 0x1000 rw atomic
fail_all 0
says 0x0 - phys 0 0x60000000
# The table exists already, so no memory is needed.
fail_all 100
does - map 0 0x50001000 0 0 0x1000 rw atomic
fail_all 0
# The caller may wait for memory.
fail_all 100
does - map 0 0x70000000 0 0 0x1000 rw
fail_all 0
for page in 0x40000000 0x50000000 0x50001000 0x70000000; do
	does "$M" read 0 $page 64
	says 4096 - unmap 0 $page 0x1000
done
denied no- "$M" read 0 0x60000000 64
finish
