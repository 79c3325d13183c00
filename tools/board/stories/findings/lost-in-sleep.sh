# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Registers lose their contents during system sleep.
. /stories/lib/findings.sh
finding 24
attached
does - buf 0 1
does - map "$D" 0x100000 0 0 0x1000 rw
does "$M" read 0 0x100000 64
# As after a loss of the power domain: a reset, with the clock gate unchanged.
poke 0x030017bc 0x00000001
poke 0x030017bc 0x00010001
show "translation is enabled, registers lost" "$(reg 0 0x020)" 0x00000000 0x00000000
can_sleep s2idle
sleep_once
show "translation is enabled, after system resume" "$(reg 0 0x020)" 0x00000000 0x00000001
mark 0
show "a read after it" "$(answer "$M" read 0 0x100000 64 | cut -d' ' -f 1)" "*" 0
show "accesses that went out untranslated" "$(report 0 passed)" "[1-9]*" 0
does - unmap "$D" 0x100000 0x1000
left
drop_buffers
shown
