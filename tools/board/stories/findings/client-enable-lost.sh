# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two masters with clients in one word of TRANSLATION_ENABLE are attached at once.
. /stories/lib/findings.sh
finding 41
attached
buffers 1
does - map "$D" 0x100000 0 0 0x1000 rw
does "$M" gdetach "$D"
mark 0 2
does "$M" attaches "$D" "$(master 1c00000)" 0x100000 8000
note "$client_said"
check "they were attached at once" test "$(said overlaps)" -gt 0
show "accesses of an attached master that pass untranslated" "$(more "$(report 0 passed)")" yes no
does "$M" gattach "$D"
does - unmap "$D" 0x100000 0x1000
left
drop_buffers
shown
