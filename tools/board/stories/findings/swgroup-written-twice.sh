# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# An attach writes the register of each swgroup once.
. /stories/lib/findings.sh
finding 38
fresh
mark 0 2
does "$M" gattach "$D"
show "writes of the swgroup's register in an attach" "$(counter 0 writes_swgroup)" 2 1
left
shown
