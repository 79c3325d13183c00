# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A failed attach must return an error, and leave nothing partly done.
. /stories/lib/findings.sh
finding 3
N=$(master 2001000)
translated "$M"
translated "$N"
does - buf 0 1
does - set 0 0 4096 0x5a
does "$M" alloc 0
does "$N" alloc 1
echo 1 >"$B/fail_clock"
show "attach while the clock fails" "$(answer "$M" attach 0)" "0" "-5"
echo 0 >"$B/fail_clock"
show "where the core believes the master to be" "$(answer "$M" domain)" "0 paging 0" "0 identity"
show "translation is enabled" "$(reg 0 0x020)" 0x00000000 0x00000000
mark 0
client "$M" read 0 "$(answer - bphys 0 0 | cut -d' ' -f2)" 4 >/dev/null
passed=$(report 0 passed)
case $(answer "$M" domain) in *identity*) passed="$passed, by the identity domain" ;; esac
show "accesses that went out untranslated" "$passed" "1" "1, by the identity domain"
knob 1 stuck_flush 1
show "attach while a flush does not end" "$(answer "$N" attach 1)" "0" "-110"
knob 1 stuck_flush 0
show "where the core believes that master to be" "$(answer "$N" domain)" "0 paging 1" "0 identity"
if [ "$driver" != c ]; then
	does "$M" attach 0
	does - map 0 0x100000 0 0 0x1000 rw
	show "attach once more" "$(answer "$M" read 0 0x100000 64)" - "0 bytes 64"
	does - unmap 0 0x100000 0x1000
	does "$M" detach 0
	does - free 0
	does - free 1
	drop_buffers
fi
shown
