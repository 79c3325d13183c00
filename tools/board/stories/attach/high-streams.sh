# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A DART with 64 streams also translates those beyond the first 32, and its
# invalidations include them. It does not support bypass, so in this kernel, which has
# no DMA API for IOMMUs, its masters have no default domain and are refused. The patch
# tools/mutants/high-streams.patch allows them.

# by STREAM: the master's accesses use this stream.
by() { echo "0 0 $1" >"$B/wiring"; }

begin
does "$M" alloc 1
buffers 4
does - map 0 0x100000 0 0 0x4000 r
does - map 0 0x200000 1 0 0x4000 w
does - map 1 0x300000 0 0 0x4000 r
mark 0
for stream in 1 40; do
	by $stream
	does - set 1 0 0x4000 0
	does "$M" copy 0 0x100000 0x200000 0x4000
	does - cmp 0 0 0x4000 1 0
	does "$M" read 0 0x101000 64
done
says 4096 - unmap 0 0x101000 0x1000
for stream in 40 1; do
	by $stream
	denied no- "$M" read 0 0x101000 64
	does "$M" read 0 0x102000 64
done
does "$M" replace 1
for stream in 40 1; do
	by $stream
	does "$M" read 0 0x300000 64
	denied no- "$M" read 0 0x102000 64
done
sealed 0
does "$M" detach 1
for stream in 1 40; do
	by $stream
	denied blocked "$M" read 0 0x300000 64
done
by 1
does - free 1
does - free 0
drop_buffers
