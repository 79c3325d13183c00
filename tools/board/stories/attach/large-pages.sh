# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A DART with pages of 16 KiB translates. In this kernel, whose pages are smaller, the
# driver does not allow that; the patches tools/mutants/large-pages-*.patch do.

begin
does "$M" alloc 1
buffers 16
does - map 0 0x100000 0 0 0x10000 r
does - map 0 0x200000 1 0 0x10000 w
mark 0
does "$M" copy 0 0x100000 0x200000 0x10000
does - cmp 0 0 0x10000 1 0
says "$(client - bphys 0 0x4010)" - phys 0 0x104010
denied permission "$M" fill 0 0x100000 64 0
denied permission "$M" read 0 0x200000 64
says 16384 - unmap 0 0x104000 0x4000
denied no- "$M" read 0 0x104000 64
does "$M" read 0 0x103fc0 64
does "$M" read 0 0x108000 64

# The end of one table and the beginning of the next, and the very end.
does - map 0 0x1ff8000 0 0 0x10000 r
does "$M" read 0 0x1ff8000 0x10000
says 16384 - unmap 0 0x2000000 0x4000
denied no- "$M" read 0 0x2000000 64
does "$M" read 0 0x2004000 64
does - map 0 $hw_last 1 0 0x4000 rw
does "$M" fill 0 $((hw_last + 0x3fc0)) 64 7
says "$(client - bphys 1 0x3fff)" - phys 0 $((hw_last + 0x3fff))
refuses - map 0 $((hw_last + 0x4000)) 0 0 0x4000 r
refuses - map 0 0x301000 0 0 0x1000 r

# A fault is reported with its master and address.
does - handler 0 on
does - faults clear
denied no- "$M" read 0 0x305040 64
does - faults clear
equal "faults" "$(said count)" 1
equal "address" "$(($(said iova) & ~0x3fff))" $((0x304000))
check "the log has the fault" log_has "$(fault_line "$M" 0x305040)"

# The domain is replaced while the device copies, and the TLB does not answer.
does - map 0 0x104000 0 0x4000 0x4000 r
does - map 1 0x100000 0 0 0x10000 r
does - map 1 0x200000 1 0 0x10000 w
does - map 1 0x400000 0 0 0x4000 r
does "$M" load start 0 0x100000 1 0x200000 0x10000 1
for round in $(seq 20); do
	does "$M" replace 1
	does "$M" replace 0
done
does "$M" load stop
check "the device was copying" test "$(said passes)" -gt 5
equal "copies that went wrong" "$(said mismatches)" 0
hw_stick 0
refuses "$M" replace 1
hw_unstick 0
says "paging 0" "$M" domain
denied no- "$M" read 0 0x400000 64
does "$M" replace 1
does "$M" read 0 0x400000 64
sealed 0
check "it translates" hw_translates 0
does "$M" detach 1
does - free 1
does - free 0
drop_buffers
