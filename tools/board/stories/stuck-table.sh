# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A table is to be freed when the hardware does not finish an invalidation: that fails
# as for any page, with a line in the log, and the table stays in memory until the
# hardware has dropped what it knows of it.

begin
buffers 1
does - map 0 0x100000 0 0 0x1000 rw
does "$M" read 0 0x100000 64
# As many empty tables as are kept for reuse; the first of them is in the walk cache.
n=0
while [ $n -lt 64 ]; do
	does - map 0 $((0x40000000 + n * 0x100000)) 0 0 0x1000 rw
	[ $n != 0 ] || does "$M" read 0 0x40000000 64
	says 4096 - unmap 0 $((0x40000000 + n * 0x100000)) 0x1000
	n=$((n + 1))
done
does - map 0 0x60000000 0 0 0x1000 rw
equal "tables" "$(tables 30f0000)" 66

# One more has the first one freed.
mark 0
hw_stick 0
says 4096 - unmap 0 0x60000000 0x1000
equal "lines in the log" "$(log_count 'denied until one succeeds')" 1
equal "tables" "$(tables 30f0000)" 66
for page in 0x40000000 0x60000000 0x100000; do
	denied '' "$M" read 0 $page 64
done
hw_unstick 0
does - map 0 0x110000 0 0 0x1000 rw
does "$M" read 0 0x100000 64
denied no- "$M" read 0 0x60000000 64
denied no- "$M" read 0 0x40000000 64
says 4096 - unmap 0 0x110000 0x1000
equal "tables" "$(tables 30f0000)" 65
sealed 0
says 4096 - unmap 0 0x100000 0x1000
finish
