# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A fault that is reported only in the log, and how the log describes a write.
. /stories/lib/findings.sh
finding 30
attached
does - handler "$D" on
does - faults clear
buffers 1
does - map "$D" 0x100000 0 0 0x1000 r
client "$M" fill 0 0x100000 64 1 >/dev/null
does - faults
show "faults that the domain's owner is told of" "$(said count)" 0 1
show "the log names the cause" "$(more "$(log_count 'code:0x[0-9a-f]+ .unknown.')")" yes no
does - unmap "$D" 0x100000 0x1000
does "$M" gdetach "$D"
does - free "$D"
drop_buffers
shown
