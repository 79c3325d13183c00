# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A domain is freed, and the memory of its tables becomes that of another domain's tables. The
# master does not reach it by what the walk cache had.

begin
does "$M" alloc 1
buffers 256
does - map 0 0x40000000 0 0 0x100000 rw
does "$M" read 0 0x40000000 64
does "$M" replace 1
does - free 0
# One of these tables gets the memory of the one that was freed.
n=1
while [ $n -le 90 ]; do
	does - map 1 $((n * 0x100000)) 0 0 0x100000 rw
	n=$((n + 1))
done
mark 0
denied no- "$M" read 0 0x40080000 64
denied no- "$M" fill 0 0x40080000 64 1
does "$M" read 0 0x180000 64
sealed 0

# The memory becomes a table with one entry. None of its other entries is in a cache from before.
does "$M" alloc 0
does - map 0 0x50000000 0 0 0x100000 rw
does "$M" replace 0
does "$M" read 0 0x50080000 64
does "$M" alloc 2
does "$M" replace 2
does - free 0
n=1
while [ $n -le 90 ]; do
	does - map 2 $((n * hw_table_span)) 0 0 0x1000 rw
	n=$((n + 1))
done
while [ $n -gt 1 ]; do
	n=$((n - 1))
	denied no- "$M" read 0 $((n * hw_table_span + 0x80000)) 64
done
does "$M" detach 2
does - free 1
does - free 2
drop_buffers
