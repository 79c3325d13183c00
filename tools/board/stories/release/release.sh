# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A released master is denied, while the others of its group continue. To test that, the first
# master is wired to the port of the removed one.

M=$(first_master)
translated "$M"
check "overlay" overlay_apply "$hw_joiner"
wait_for "the other master" 5 usable_at 1c0e000
says "$(client "$M" group)" "$(master 1c0e000)" group
does "$M" alloc 0
does "$M" gattach 0
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does "$(master 1c0e000)" read 0 0x1000 64
mark 0
check "overlay" overlay_remove all
check "the other master is gone" gone 1c0e000
does "$M" read 0 0x1000 64
echo "0 0 $hw_joiner_port" >"$B/wiring"
denied "$hw_denial" "$M" read 0 0x1000 64
denied "$hw_denial" "$M" fill 0 0x1000 64 0
echo "0 0 $hw_first_port" >"$B/wiring"
does "$M" read 0 0x1000 64
sealed 0
says 4096 - unmap 0 0x1000 0x1000
does "$M" gdetach 0
does - free 0
drop_buffers
hw_joiner_gone
