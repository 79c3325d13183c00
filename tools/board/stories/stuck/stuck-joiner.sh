# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Another master joins the group while an invalidation is outstanding. If the hardware
# still hangs, that master is denied and stays so. If the hardware answers again, the
# caches are invalidated and the master is attached to the domain. None of them reaches
# the unmapped page. To test that, the first master is wired to the port or stream of the
# other one in turn.

first() { echo "0 0 $hw_first_port" >"$B/wiring"; }
joiner() { echo "0 0 $hw_joiner_port" >"$B/wiring"; }
has_group_at() { has_group "$(master "$1")"; }

M=$(first_master)
translated "$M"
does "$M" alloc 0
does "$M" gattach 0
buffers 4
does - map 0 0x100000 0 0 0x4000 rw
does "$M" read 0 0x100000 0x4000
mark 0
hw_stick 0
says 4096 - unmap 0 0x101000 0x1000
check "overlay" overlay_apply "$hw_joiner"
check "the other master is there" test -n "$(master 1c0e000)"
for wire in first joiner; do
	$wire
	for page in 0x100000 0x101000 0x102000; do
		denied '' "$M" read 0 $page 64
	done
done
hw_unstick 0
for page in 0x101000 0x102000; do
	denied '' "$M" read 0 $page 64
done
does - map 0 0x200000 1 0 0x1000 rw
joiner
denied '' "$M" read 0 0x102000 64
first
does "$M" read 0 0x102000 64
denied no- "$M" read 0 0x101000 64
check "overlay" overlay_remove all
check "the other master is gone" gone 1c0e000

# The hardware answers again before another master joins.
hw_stick 0
says 4096 - unmap 0 0x103000 0x1000
hw_unstick 0
check "overlay" overlay_apply "$hw_joiner"
wait_for "the other master is in the group" 5 has_group_at 1c0e000
for wire in joiner first; do
	$wire
	denied no- "$M" read 0 0x101000 64
	denied no- "$M" read 0 0x103000 64
	does "$M" read 0 0x102000 64
done

# The master is removed while the next invalidation is outstanding.
first
hw_stick 0
says 4096 - unmap 0 0x102000 0x1000
check "overlay" overlay_remove all
check "the other master is gone" gone 1c0e000
for page in 0x100000 0x101000 0x102000; do
	denied '' "$M" read 0 $page 64
done
hw_unstick 0
for page in 0x100000 0x101000 0x102000; do
	denied '' "$M" read 0 $page 64
done
does - map 0 0x201000 1 0x1000 0x1000 rw
does "$M" read 0 0x100000 64
denied no- "$M" read 0 0x102000 64
joiner
denied '' "$M" read 0 0x100000 64
first
sealed 0
does "$M" gdetach 0
does - free 0
drop_buffers
hw_joiner_gone
