# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Masters whose number the hardware does not have, or without a number.
. /stories/lib/findings.sh
finding 21 "$1"
oracle_off "devices come by overlay, and stay"
overlay_apply "$1"
load_driver
translated "$M"
N=$(master 2003000)
good() { has_group "$(master 2004000)"; }
wait_for "the good master of the overlay" 5 good
show "$(case $1 in bad-id) echo "a master with number 77" ;; *) echo "a master without a number" ;; esac)" "$(has_group "$N" && echo accepted || echo refused)" accepted refused
show "is told of in the log" "$(more "$(log_count "$N: .*(master|stream|iommus|cells|number|ID)")")" "*" yes
shown
