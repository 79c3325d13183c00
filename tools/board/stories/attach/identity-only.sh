# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A DART whose pages are larger than the kernel's cannot translate for it. Its masters
# are in the identity or the blocked domain, and no paging domain can be allocated.

M=$(first_master)
translated "$M"
says identity "$M" domain
refuses "$M" alloc 0
note "refused: $client_errno"
buffers 1
physical=$(client - bphys 0 0)
does "$M" copy 0 "$physical" "$(client - bphys 1 0)" 64
does - cmp 0 0 64 1 0
mark 0
does "$M" block
denied '' "$M" read 0 "$physical" 64
sealed 0
does "$M" unblock
does "$M" read 0 "$physical" 64
refute "nothing is translated" hw_translates 0
drop_buffers
