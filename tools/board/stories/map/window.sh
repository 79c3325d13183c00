# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A DART whose masters use addresses with upper bits that it does not translate
# (apple,dma-range): domains have that window, and nothing beyond it.

M=$(first_master)
translated "$M"
knob 0 wide 1
says "aperture 0xf00000000-0xffbffffff pgsize 0x1000" "$M" alloc 0
does "$M" attach 0
buffers 4
does - map 0 0xf00100000 0 0 0x4000 r
does - map 0 0xffbffc000 1 0 0x4000 w
mark 0
does "$M" copy 0 0xf00100000 0xffbffc000 0x4000
does - cmp 0 0 0x4000 1 0
says "$(client - bphys 0 0x1010)" - phys 0 0xf00101010
says 0x0 - phys 0 0x101010
says 0x0 - phys 0 0xe00101010
refuses - map 0 0x200000 0 0 0x1000 r
refuses - map 0 0xe00200000 0 0 0x1000 r
refuses - map 0 0xffc000000 0 0 0x1000 r
refuses - map 0 0xffbfff000 0 0 0x2000 r
check "its translations have their upper bits" grep -q 0xf00100000 "$DEBUGFS"/rust_iommu/*/domains

# A fault reports the address that the master used.
does - handler 0 on
does - faults clear
denied no- "$M" read 0 0xf00900040 64
does - faults clear
equal "faults" "$(said count)" 1
equal "address" "$(($(said iova) & ~0xfff))" $((0xf00900000))
check "the log has the fault" log_has "$(fault_line "$M" 0xf00900040)"

says 4096 - unmap 0 0xf00101000 0x1000
denied no- "$M" read 0 0xf00101000 64
does "$M" read 0 0xf00102000 64
says 16384 - unmap 0 0xffbffc000 0x4000
denied no- "$M" read 0 0xffbffc000 64
sealed 0
finish
knob 0 wide 0
