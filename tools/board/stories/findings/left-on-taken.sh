# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Firmware has left the first display's swgroup enabled with ASID 0. The kernel has the C driver
# as well, so the Rust driver leaves such hardware alone.
. /stories/lib/findings.sh
finding 45
# The driver stays loaded.
oracle_ignore '^slab_ours'
if [ "$driver" = rust ]; then
	check "the module is loaded" load_driver
	wait_for "a line in the log" 5 log_has 'found translating, .* dc: left alone'
fi
show "a driver is bound" "$([ -e /sys/class/iommu/170019000.smmu ] || [ "$driver" = c ] && echo yes || echo no)" yes no
if [ "$driver" = c ]; then
	translated "$M"
	other=$(master 1c00000)
	buffers 1
	show "the display's domain" "$(answer "$M" domain)" "0 identity" -
	show "its read of memory by the physical address" \
		"$(answer "$M" read 0 "$(client - bphys 0 0)" 64 | cut -d ' ' -f 1)" -14 -
	does "$other" alloc 0
	does "$other" gattach 0
	does - map 0 0x100000 0 0 0x1000 rw
	show "its read of another master's page" "$(answer "$M" read 0 0x100000 64)" "0 bytes 64" -
	does - unmap 0 0x100000 0x1000
	does "$other" gdetach 0
	drop_buffers
fi
shown
