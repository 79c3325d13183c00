# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master that has no possible default domain in this kernel, because its DART does not
# support bypass, is refused with one line in the log.

I=$(first_instance)
check "the instance is bound" bound "$I"
refute "the master is behind it" has_group "$(first_master)"
dmesg | grep -F "$(first_master): " | grep -v 'deferred probe' >/tmp/lines
check "a line says it" grep -q "$I: no bypass, and the kernel has no CONFIG_IOMMU_DMA" /tmp/lines
equal "lines" "$(wc -l </tmp/lines)" 1
# Its stream is denied.
mark 0
denied blocked "$(first_master)" read 0 "$(client - buf 0 1 >/dev/null; client - bphys 0 0)" 64
sealed 0
drop_buffers
