# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The H616 has seven masters; settings for each master must include the last one.
. /stories/lib/findings.sh
finding 2
attached
g2d=$(master 2000000)
does - buf 0 2
show "interrupt enable" "$(reg 0 0x100)" 0x0003003f 0x0003007f
show "rules of class 1" "$(reg 0 0x0b0)" 0x0fff0000 0x3fff0000
does - map "$D" 0x100000 0 0 0x1000 w
show "master 6 reads a write-only page" "$(answer "$g2d" read 0 0x100000 4)" "0 bytes 4" "-14 permission read 0x100000"
does - map "$D" 0x300000 0 0x1000 0x1000 rw
does "$g2d" read 0 0x300000 64
mark 0
does - unmap "$D" 0x300000 0x1000
show "words of a flush of everything" "$(awk '$1 == "0x080" { print $2 }' "$B/iommu0/writes" | sort -u | tail -n 1)" 0x0003003f 0x0003007f
show "master 6 reads a page that was unmapped" "$(answer "$g2d" read 0 0x300000 64)" "0 bytes 64" "-14 no-page read 0x300000"
does - unmap "$D" 0x100000 0x1000
left
drop_buffers
shown
