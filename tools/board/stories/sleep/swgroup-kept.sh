# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Another driver has enabled the swgroup of a master that is in the identity domain. A sleep in which
# no register is lost leaves the swgroup enabled.

can_sleep "$1"
M=$(first_master)
translated "$M"
says identity "$M" domain
hw_write 0 $hw_swgroup 0x80000001
sleep_once
equal "the register" "$(hw_read 0 $hw_swgroup)" 0x80000001
hw_write 0 $hw_swgroup 0
