# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A fault names the master that caused it: the log has its devicetree name, and the
# handler gets its device. A second master is not mistaken for the first.

M=$(first_master)
masters=$(masters)
for dev in $masters; do
	translated "$dev"
done
does "$M" alloc 0
does "$M" gattach 0
buffers 1
does - map 0 0x5000 0 0 0x1000 r
does - handler 0 on
does - faults clear
iova=0x100000
for dev in $masters; do
	iova=$((iova + 0x2000))
	denied no- "$dev" read 0 $iova 64
	does - faults
	equal "device" "$(said dev)" "$dev"
	check "the log blames $dev" log_has "$(fault_line "$dev" $iova)"
done
denied permission "$dev" fill 0 0x5000 64 1
does - faults clear
equal "faults" "$(said count)" 5
equal "device" "$(said dev)" "$dev"
equal "direction" "$(said flags)" write
says 4096 - unmap 0 0x5000 0x1000
does "$M" gdetach 0
does - free 0
drop_buffers
