# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Firmware keeps translation off, and the registers that enable it ignore the driver (knob
# "secured"): an attach fails with a line that names the cause, and nothing changes.

M=$(first_master)
translated "$M"
buffers 1
physical=$(client - bphys 0 0)
does "$M" alloc 0
fails -1 "$M" gattach 0
check "a line names it" log_has "$M: .*: attach failed, nothing changes: firmware keeps translation off: EPERM"
says identity "$M" domain
does "$M" read 0 "$physical" 64
equal "the register of the swgroup" "$(hw_read 0 $hw_swgroup)" 0x00000000
does - free 0
drop_buffers
