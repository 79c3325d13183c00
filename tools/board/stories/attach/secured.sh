# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Firmware keeps translation off, and the registers that enable it ignore the driver (knob
# "secured"): an attach fails with a line that names the cause, and nothing changes. So does a
# further one. If firmware turns translation off later, an attach to another domain fails.

M=$(first_master)
translated "$M"
buffers 1
physical=$(client - bphys 0 0)
does "$M" alloc 0
for _ in 1 2; do
	fails -1 "$M" gattach 0
	says identity "$M" domain
	does "$M" read 0 "$physical" 64
	equal "the register of the swgroup" "$(hw_read 0 $hw_swgroup)" 0x00000000
	equal "roots besides that of the blocked domain" "$(grep -c '^root_' "$B/iommu0/regs")" 1
done
check "a line names it" log_has "$M: .*: attach failed, nothing changes: firmware keeps translation off: EPERM"

# Only the clients' bits are missing.
knob 0 secured 0
hw_write 0 0x010 1
hw_write 0 0x004 0
knob 0 secured 1
fails -1 "$M" gattach 0
does "$M" read 0 "$physical" 64

# Translation works, and is turned off while the master is in a domain.
knob 0 secured 0
does "$M" alloc 1
does - map 0 0x1000 0 0 0x1000 rw
does "$M" replace 0
does "$M" read 0 0x1000 64
hw_write 0 0x010 0
hw_write 0 0x004 0
knob 0 secured 1
fails -1 "$M" replace 1
says "paging 0" "$M" domain
knob 0 secured 0
does "$M" replace 1
denied no- "$M" read 0 0x1000 64
does "$M" replace 0
does "$M" read 0 0x1000 64
does "$M" gdetach 0
says 4096 - unmap 0 0x1000 0x1000
does - free 0
does - free 1
drop_buffers
knob 0 secured 1
