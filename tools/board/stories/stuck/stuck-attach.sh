# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The hardware does not complete its flush: the attach of a new domain fails. The old
# domain stays attached, and the device's copies continue.

begin
does "$M" alloc 1
buffers 4
does - map 0 0x100000 0 0 0x4000 r
does - map 0 0x200000 1 0 0x4000 w
does - map 1 0x300000 0 0 0x4000 r
mark 0
table=$(hw_table 0)
hw_stick 0
refuses "$M" replace 1
check "a line names both" log_has "$M: $(first_instance): attach failed"
equal "lines of the failure" "$(log_count "(attach failed|timed out|does not answer)")" 1
hw_unstick 0
says "paging 0" "$M" domain
equal "table" "$(hw_table 0)" "$table"
does "$M" copy 0 0x100000 0x200000 0x4000
does - cmp 0 0 0x4000 1 0
denied no- "$M" read 0 0x300000 64
sealed 0

# The same from the identity domain, which has no table.
does "$M" detach 0
hw_stick 0
refuses "$M" attach 1
hw_unstick 0
says identity "$M" domain
does "$M" attach 1
does "$M" read 0 0x300000 0x4000
does "$M" detach 1
does - free 1
does - free 0
drop_buffers
