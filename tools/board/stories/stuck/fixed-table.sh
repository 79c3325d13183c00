# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The hardware ignores its table register while it is enabled, which the documents do not
# exclude. A master cannot be attached to another domain, and stays in the first one. If it is
# blocked, it is denied.

begin
does "$M" alloc 1
buffers 2
does - map 0 0x100000 0 0 0x1000 rw
does - map 1 0x300000 1 0 0x1000 rw
does "$M" read 0 0x100000 64
physical=$(client - bphys 0 0)
mark 0
knob 0 fixed_ttb 1
refuses "$M" replace 1
check "the log says why" log_has 'do not hold what is written'
says "paging 0" "$M" domain
does "$M" read 0 0x100000 64
denied no- "$M" read 0 0x300000 64
does "$M" detach 0
does "$M" gattach 0
does "$M" block
for at in 0x100000 0x300000 "$physical"; do
	denied '' "$M" read 0 "$at" 64
done
sealed 0
knob 0 fixed_ttb 0
does "$M" unblock
does "$M" attach 0
does "$M" read 0 0x100000 64
does "$M" replace 1
does "$M" read 0 0x300000 64
denied no- "$M" read 0 0x100000 64
does "$M" replace 0
does - free 1
finish
