# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A page that needs a new table is mapped with the caller's gfp: in atomic context the
# allocation does not sleep, and fails if no memory is free. A caller that may wait does
# not fail then.

begin
buffers 1
fail_setup
# fail_all makes allocations of this task fail, those that must not wait.
for name in failslab fail_page_alloc; do
	echo Y >"$DEBUGFS/$name/ignore-gfp-wait"
	echo Y >"$DEBUGFS/$name/task-filter"
	echo 0 >"$DEBUGFS/$name/verbose"
	echo 1 >"$DEBUGFS/$name/interval"
	echo -1 >"$DEBUGFS/$name/times"
done
# There is memory.
does - map 0 0x40000000 0 0 0x1000 rw atomic
does - map 0 0x50000000 0 0 0x1000 rw
# There is none.
fail_all 100
fails -12 - map 0 0x60000000 0 0 0x1000 rw atomic
fail_all 0
says 0x0 - phys 0 0x60000000
# None is needed, in a table that is there.
fail_all 100
does - map 0 0x50001000 0 0 0x1000 rw atomic
fail_all 0
# Memory can be waited for.
fail_all 100
does - map 0 0x70000000 0 0 0x1000 rw
fail_all 0
for page in 0x40000000 0x50000000 0x50001000 0x70000000; do
	does "$M" read 0 $page 64
	says 4096 - unmap 0 $page 0x1000
done
denied no- "$M" read 0 0x60000000 64
finish
