# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master is denied while an invalidation is outstanding, and stays denied when the
# hardware answers again and pages are mapped or unmapped.

begin
buffers 4
physical=$(client - bphys 0 0)
does - map 0 0x100000 0 0 0x4000 rw
does "$M" read 0 0x100000 0x4000
mark 0
hw_stick 0
says 4096 - unmap 0 0x101000 0x1000
does "$M" block
says blocked "$M" domain
for unstuck in false true; do
	! $unstuck || hw_unstick 0
	says 4096 - unmap 0 $($unstuck && echo 0x102000 || echo 0x103000) 0x1000
	for page in 0x100000 0x101000 0x102000 0x103000 "$physical"; do
		denied '' "$M" read 0 "$page" 64
	done
done
does - map 0 0x200000 1 0 0x1000 rw
denied '' "$M" read 0 0x200000 64
denied '' "$M" read 0 0x100000 64
does "$M" replace 0
does "$M" read 0 0x100000 64
does "$M" read 0 0x200000 64
for page in 0x101000 0x102000 0x103000; do
	denied no- "$M" read 0 $page 64
done
sealed 0
says 4096 - unmap 0 0x100000 0x1000
says 4096 - unmap 0 0x200000 0x1000
finish
