# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Registers are lost in system sleep, and firmware leaves no swgroup enabled.
. /stories/lib/findings.sh
finding 53
attached
buffers 1
does - map "$D" 0x100000 0 0 0x1000 rw
does "$M" read 0 0x100000 64
echo 1 >$B/lose_in_sleep
sleep_until_alarm
echo 0 >$B/lose_in_sleep
mark 0
show "a read after the sleep" "$(answer "$M" read 0 0x100000 64 | cut -d ' ' -f 1)" -14 0
show "accesses that pass untranslated" "$(report 0 passed)" "[1-9]*" 0
does - unmap "$D" 0x100000 0x1000
left
drop_buffers
shown
