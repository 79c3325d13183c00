# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# System sleep while one port or stream of a group is denied, because its master was
# released, and another one is translated. The hardware loses its registers. After the
# sleep both are as before. suspend-partly:KIND

can_sleep "$1"
M=$(first_master)
translated "$M"
check "overlay" overlay_apply "$hw_joiner"
wait_for "the other master" 5 usable_at 1c0e000
does "$M" alloc 0
does "$M" gattach 0
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does "$(master 1c0e000)" read 0 0x1000 64
check "overlay" overlay_remove all
check "the other master is gone" gone 1c0e000
mark 0
for round in before after; do
	does "$M" read 0 0x1000 64
	echo "0 0 $hw_joiner_port" >"$B/wiring"
	denied '' "$M" read 0 0x1000 64
	denied '' "$M" fill 0 0x1000 64 0
	echo "0 0 $hw_first_port" >"$B/wiring"
	does "$M" read 0 0x1000 64
	[ $round = after ] || lose_once
done
sealed 0
says 4096 - unmap 0 0x1000 0x1000
does "$M" gdetach 0
does - free 0

# The whole group is denied, and stays so.
does "$M" block
mark 0
physical=$(client - bphys 0 0)
denied '' "$M" read 0 "$physical" 64
lose_once
denied '' "$M" read 0 "$physical" 64
sealed 0
does "$M" unblock
does "$M" read 0 "$physical" 64
drop_buffers
hw_joiner_gone
