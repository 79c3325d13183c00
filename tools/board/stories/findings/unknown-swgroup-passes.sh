# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master's swgroup does not exist, so its accesses cannot be translated.
. /stories/lib/findings.sh
finding 40
translated "$M"
other=$(master 1c0e000)
check "there is a master of that swgroup" test -n "$other"
if [ "$driver" = c ]; then
	wait_for "it is behind the IOMMU" 5 usable "$other"
	does "$other" alloc 0
	show "attaching it to a domain" "$(answer "$other" attach 0)" 0 -
	buffers 1
	show "its read of memory by the physical address" \
		"$(answer "$other" read 0 "$(client - bphys 0 0)" 64 | cut -d ' ' -f 1)" 0 -
	does "$other" detach 0
	does - free 0
	drop_buffers
fi
show "it is behind the IOMMU" "$(has_group "$other" && echo yes || echo no)" yes no
shown
