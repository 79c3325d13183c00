# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A TLB that does not answer while a page is unmapped, which is then used for other data.
. /stories/lib/findings.sh
finding 29
misuses=command_while_busy
attached
buffers 1
does - map "$D" 0x100000 0 0 0x1000 rw
does "$M" read 0 0x100000 64
hw_stick 0
does - unmap "$D" 0x100000 0x1000
show "the device reads the page that was unmapped" "$(answer "$M" read 0 0x100000 64)" "0 bytes 64" "-14*"
hw_unstick 0
does "$M" gdetach "$D"
does - free "$D"
drop_buffers
# The C driver commands again while the hardware is still busy.
attached
left
shown
