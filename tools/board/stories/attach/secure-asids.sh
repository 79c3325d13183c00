# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Firmware has made ASIDs secure, so they take no root. The driver uses another one, for each
# further domain as well.

# The ASID of the first master's swgroup.
asid() { echo $(($(hw_read 0 $hw_swgroup) & 0x7f)); }

case $soc in
t30 | t114) word=0x038 first=2 ;;
t210) word=0x9e4 first=126 ;;
esac
oracle_ignore "iommu0_misuse_secure_root_writes"
begin
equal "the first ASID" "$(asid)" $first
does "$M" detach 0
# This one, and the one before it on an SMMU with many.
secure=$((1 << first % 32))
[ $first = 2 ] || secure=$((secure | 1 << (first - 1) % 32))
hw_write 0 $word $secure
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does "$M" alloc 1
for _ in 1 2; do
	for d in 0 1; do
		does "$M" gattach $d
		check "ASID $(asid) is not secure" test "$(asid)" -lt $((first == 2 ? 2 : first - 1))
		[ $d = 1 ] || does "$M" read 0 0x1000 64
		denied no- "$M" read 0 0x2000 64
		does "$M" gdetach $d
	done
done
equal "roots that were refused" "$(counter 0 secure_root_writes)" $((first == 2 ? 1 : 2))
says 4096 - unmap 0 0x1000 0x1000
does - free 0
does - free 1
drop_buffers
hw_write 0 $word 0
