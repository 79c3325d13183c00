# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Addresses that an entry cannot hold are refused.
. /stories/lib/findings.sh
finding 47
attached
buffers 1
pa=$(client - bphys 0 0)
show "map beyond the last address" "$(case $(answer - map "$D" 0x100001000 0 0 0x1000 rw) in 0*) echo succeeds ;; *) echo refused ;; esac)" \
	succeeds refused
show "the page at 0x1000 leads there" "$([ "$(answer - phys "$D" 0x1000)" = "0 $pa" ] && echo yes || echo no)" yes no
client - unmap "$D" 0x1000 0x1000 >/dev/null
show "map of a physical address of 43 bits, for reading" \
	"$(case $(answer - mapp "$D" 0x5000 $((pa + 0x40000000000)) 0x1000 r) in 0*) echo succeeds ;; *) echo refused ;; esac)" \
	succeeds refused
show "a write there" "$(answer "$M" fill 0 0x5000 64 7 | cut -d ' ' -f 1)" 0 -14
client - unmap "$D" 0x5000 0x1000 >/dev/null
left
drop_buffers
shown
