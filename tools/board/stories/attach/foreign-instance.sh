# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The driver refuses a domain that was allocated for one instance for a master of
# another. The core does not check that.

M=$(first_master)
other=$(masters | tail -n 1)
translated "$M"
translated "$other"
does "$M" alloc 0
does "$other" alloc 1
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does - map 1 0x2000 0 0 0x1000 rw
fails -22 "$M" attach 1
says identity "$M" domain
fails -22 "$other" attach 0
says identity "$other" domain
does "$M" attach 0
fails -22 "$M" replace 1
says "paging 0" "$M" domain
does "$other" attach 1
mark 0
mark 1
does "$M" read 0 0x1000 64
denied no- "$M" read 0 0x2000 64
does "$other" read 0 0x2000 64
denied no- "$other" read 0 0x1000 64
sealed 0
sealed 1
does "$M" detach 0
does "$other" detach 1
does - free 0
does - free 1
drop_buffers
