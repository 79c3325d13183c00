# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Both display controllers are one group, with swgroups of their own. They use one ASID, and the
# group of another master is left alone. A removed master is denied, while the other continues.

M=$(master 1100000)
for dev in $(masters); do
	translated "$dev"
done
says "$(client "$M" group)" "$(master 1c0e000)" group
refute "host1x is in that group" test "$(client "$M" group)" = "$(client "$(master 1c00000)" group)"
does "$M" alloc 0
fails -22 "$M" attach 0
does "$M" gattach 0
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does "$M" read 0 0x1000 64
does "$(master 1c0e000)" read 0 0x1000 64
equal "the other's ASID" "$(hw_read 0 0x244)" "$(hw_read 0 $hw_swgroup)"
says identity "$(master 1c00000)" domain
equal "host1x" "$(hw_read 0 0x250)" 0x00000000
does "$M" gdetach 0
equal "all pass" "$(hw_read 0 0x244) $(hw_read 0 $hw_swgroup)" "0x00000000 0x00000000"
says 4096 - unmap 0 0x1000 0x1000
does - free 0
drop_buffers
