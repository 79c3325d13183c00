# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The report of a fault must name the master that caused it.
. /stories/lib/findings.sh
finding 18
attached
does - handler "$D" on
does - faults clear
does - buf 0 1
client "$M" read 0 0x100000 64 >/dev/null
show "device that the owner is told of" "$(blamed)" "*.iommu" "$M"
left
drop_buffers
shown
