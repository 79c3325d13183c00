# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The SMMU as the board has it after power-on, with no driver: its registers, the end of its window,
# and a master whose accesses pass untranslated, through each client of its swgroup.

equal "SMMU_TLB_CONFIG" "$(hw_read 0 0x014)" 0x20000010
equal "SMMU_PTC_CONFIG" "$(hw_read 0 0x018)" 0x2000003f
# The interrupt, SMMU_CONFIG, clients and a swgroup.
for offset in 0x000 0x004 0x010 $hw_enables $hw_swgroup; do
	equal "register $offset" "$(hw_read 0 "$offset")" 0x00000000
done
equal "where" "$(cat "$B/iommu0/where")" "1$hw_first_instance"
read -r number level <"$B/iommu0/line"
equal "its line, and the level" "$((number - 32)) $level" "77 0"

# Instances have registers of their own.
for n in 0 1 2 3; do
	hw_write $n 0x014 $((0x20000000 + n))
done
for n in 0 1 2 3; do
	equal "iommu$n" "$(hw_read $n 0x014)" "0x2000000$n"
	equal "its last write" "$(tail -n 1 "$B/iommu$n/writes")" "0x014 0x2000000$n"
	hw_write $n 0x014 0x20000010
done
# The last word of the window is no register. Behind it is nothing.
oracle_ignore "^iommu0_misuse_undefined"
check "the last word of the window" hw_write 0 $((hw_window - 4)) 0
equal "writes beside registers" "$(counter 0 undefined)" 1
expect_splat 'WARNING: lib/logic_iomem.c:[0-9]+ at ioremap'
refute "a word behind it" hw_write 0 $hw_window 0 2>/dev/null

check "a device" overlay_apply plain
wait_for "the device" 5 bound 101c0e000.dma-master
equal "its wire" "$(wires | grep '^1 ')" "1 0 $hw_joiner_port"
mark 0 2
buffers 1
does 101c0e000.dma-master copy 0 "$(client - bphys 0 0)" "$(client - bphys 1 0)" 0x1000
does - cmp 0 0 0x1000 1 0
for client in $hw_joiner_clients; do
	check "client $client" test "$(report 0 "passed_${client}_off")" -gt 0
done
equal "accesses" "$(report 0 passed)" 32
equal "of other clients" "$(report 0 passed_1)" 0
drop_buffers
check "the device goes" overlay_remove all
