# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A second map of a mapped address is refused, and the first page stays.
. /stories/lib/findings.sh
finding 48
attached
buffers 1
was=$(client - bphys 0 0)
does - map "$D" 0x1000 0 0 0x1000 rw
show "a second map" "$(case $(answer - map "$D" 0x1000 1 0 0x1000 rw) in 0*) echo succeeds ;; *) echo refused ;; esac)" \
	succeeds refused
show "the first page is mapped" "$([ "$(answer - phys "$D" 0x1000)" = "0 $was" ] && echo yes || echo no)" no yes
does - unmap "$D" 0x1000 0x1000
left
drop_buffers
shown
