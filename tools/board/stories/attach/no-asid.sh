# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# An SMMU with four ASIDs, of which one denies, has three domains at once. The attach of a
# fourth fails, nothing changes, and a line names the cause. A domain that is left gives its
# ASID back, also to another domain of the same group.

check "a fourth group" overlay_apply fourth
wait_for "its master" 5 usable_at 2003000
wire=$(wires | grep '^6 ')
echo "6 0 $(hw_port "$(case $soc in t30) echo 11 ;; *) echo 7 ;; esac)")" >"$B/wiring"
buffers 1
n=0
for dev in $(master 1100000) $(master 1c00000) $(master 2000000) $(master 2003000); do
	translated "$dev"
	does "$dev" alloc $n
	does - map $n 0x1000 0 0 0x1000 rw
	last=$n M=$dev
	[ $n = 3 ] || does "$dev" gattach $n
	n=$((n + 1))
done
mark 0
fails -28 "$M" gattach $last
check "a line names it" log_has "$M: .*: attach failed, nothing changes: no address space ID \\(ASID\\) is free: ENOSPC"
says identity "$M" domain
for dev in $(master 1100000) $(master 1c00000) $(master 2000000); do
	does "$dev" read 0 0x1000 64
done
does "$(master 2000000)" gdetach 2
for round in 1 2 3 4 5; do
	does "$M" gattach $last
	does "$M" read 0 0x1000 64
	# From one domain to the next, in the same group.
	does "$M" gdetach $last
done
does "$(master 2000000)" gattach 2
does "$(master 2000000)" read 0 0x1000 64
for n in 0 1 2; do
	dev=$(set -- 1100000 1c00000 2000000 && shift $n && master "$1")
	does "$dev" gdetach $n
done
for n in 0 1 2 3; do
	says 4096 - unmap $n 0x1000 0x1000
	does - free $n
done
check "overlay" overlay_remove all
echo "$wire" >"$B/wiring"
drop_buffers
