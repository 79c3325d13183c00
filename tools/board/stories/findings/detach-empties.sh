# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A domain keeps its mappings while it exists, attached or not.  The C driver
# detaches a domain only when the next one is attached, and frees its mappings then.
. /stories/lib/findings.sh
finding 6
translated "$M"
does - buf 0 1
does "$M" alloc 0
does "$M" gattach 0
does - map 0 0x100000 0 0 0x1000 rw
pa=$(answer - bphys 0 0)
does "$M" gdetach 0
show "the mapping, after detaching" "$([ "$(answer - phys 0 0x100000)" = "$pa" ] && echo kept || echo gone)" kept kept
does "$M" alloc 1
does "$M" gattach 1
show "the mapping, after attaching another domain" "$([ "$(answer - phys 0 0x100000)" = "$pa" ] && echo kept || echo gone)" gone kept
show "bytes unmapped of one page" "$(answer - unmap 0 0x100000 0x1000)" "0 0" "0 4096"
does "$M" gdetach 1
if [ "$driver" != c ]; then
	does - free 0
	does - free 1
	drop_buffers
fi
shown
