# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The hardware does not complete an invalidation. The driver denies all accesses, so the
# unmapped page is out of the device's reach. When the hardware answers again, the other
# pages are reachable again.

begin
buffers 4
does - map 0 0x100000 0 0 0x4000 rw
does "$M" read 0 0x100000 0x4000
mark 0
hw_stick 0
says 4096 - unmap 0 0x101000 0x1000
does - bphys 0 0x1000
page=$(printf 'pa 0x%08x translated' $((client_said & ~0xfff)))
reached=$(grep -c "$page" "$B/iommu0/recent")
denied "" "$M" read 0 0x101000 64
denied "" "$M" fill 0 0x101000 64 1
check "the log says so" log_has 'timed out'
equal "accesses to the page" "$(grep -c "$page" "$B/iommu0/recent")" "$reached"
hw_unstick 0

# The next change completes the invalidation.
does - map 0 0x200000 1 0 0x1000 rw
does "$M" read 0 0x200000 64
does "$M" read 0 0x100000 0x1000
does "$M" read 0 0x102000 0x2000
denied no- "$M" read 0 0x101000 64
sealed 0
says 4096 - unmap 0 0x200000 0x1000
says 4096 - unmap 0 0x100000 0x1000
says 8192 - unmap 0 0x102000 0x2000
finish
