# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The hardware does not complete the invalidation of a range that has more than 64 tables, so that
# its entries are cleaned in parts. The failure is reported as for a single page, and all masters
# are denied until an invalidation succeeds.

begin
buffers 1024
does - map 0 0x100000 0 0 0x1000 rw
n=0
while [ $n -lt 17 ]; do
	does - map 0 "$(hex $((0x40000000 + n * 0x400000)))" 0 0 0x400000 rw
	n=$((n + 1))
done
first=0x40000000 last=0x443ff000
for page in $first $last 0x100000; do
	does "$M" read 0 $page 64
done

mark 0
hw_stick 0
says 71303168 - unmap 0 $first 0x4400000
equal "lines in the log" "$(log_count 'denied until one succeeds')" 1
for page in $first $last 0x100000; do
	denied '' "$M" read 0 $page 64
done
hw_unstick 0
does - map 0 0x110000 0 0 0x1000 rw
does "$M" read 0 0x100000 64
for page in $first $last; do
	denied no- "$M" read 0 $page 64
done
sealed 0
says 4096 - unmap 0 0x110000 0x1000
says 4096 - unmap 0 0x100000 0x1000
finish
