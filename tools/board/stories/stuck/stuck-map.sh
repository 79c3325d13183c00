# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# While the hardware does not complete an invalidation, a map of a new page fails, and the
# page is not mapped afterwards.

begin
buffers 4
does - map 0 0x100000 0 0 0x4000 rw
does "$M" read 0 0x100000 0x4000
denied no- "$M" read 0 0x110000 64
mark 0
hw_stick 0
refuses - map 0 0x110000 1 0 0x1000 rw
note "refused: $client_errno"
says 0x0 - phys 0 0x110000
denied '' "$M" read 0 0x110000 64
# The same for a range that has no table yet.
refuses - map 0 0x50000000 1 0 0x1000 rw
says 0x0 - phys 0 0x50000000
hw_unstick 0
does - map 0 0x200000 1 0 0x1000 rw
does "$M" read 0 0x100000 0x4000
denied no- "$M" read 0 0x110000 64
denied no- "$M" read 0 0x50000000 64
does - map 0 0x110000 1 0 0x1000 rw
does - map 0 0x50000000 1 0 0x1000 rw
does "$M" read 0 0x110000 64
does "$M" read 0 0x50000000 64
sealed 0
for page in 0x110000 0x200000 0x50000000; do
	says 4096 - unmap 0 $page 0x1000
done
says 16384 - unmap 0 0x100000 0x4000
finish
