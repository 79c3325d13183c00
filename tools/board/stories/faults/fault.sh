# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A fault is reported: the domain's handler gets the address, and the direction if the
# hardware has it, and the log has a line.

begin
buffers 1
does - map 0 0x5000 0 0 0x1000 w
does - handler 0 on
does - faults clear
denied no-page "$M" read 0 0x7040 64
does - faults
equal "faults" "$(said count)" 1
equal "page" "$(($(said iova) & ~0xfff))" $((0x7000))
check "the log has the fault" log_has "$(fault_line "$M" 0x7040)"
denied no-table "$M" fill 0 0x40500000 64 1
does - faults
equal "faults" "$(said count)" 2
equal "page" "$(($(said iova) & ~0xfff))" $((0x40500000))
denied permission "$M" read 0 0x5000 64
does - faults clear
equal "faults" "$(said count)" 3
equal "direction" "$(said flags)" read
says 4096 - unmap 0 0x5000 0x1000
finish
