# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The interrupt cannot be requested, because its line is in use: the probe must fail
# before any master is put behind the instance.
. /stories/lib/findings.sh
finding 19
oracle_off "devices come by overlay, and stay"
overlay_apply same-irq
N=102003000.dma-master
is_there() { [ -n "$(instance 30d0000)" ]; }
wait_for "the second instance" 5 is_there
load_driver
translated "$M"
show "the instance is bound" "$(driver_of "$(instance 30d0000)")" - -
show "a master was put into a group before the interrupt was asked for" "$(log_count "$N: Adding to iommu group")" 1 0
show "the master is behind the instance" "$(has_group "$N" && echo yes || echo no)" no no
show "the clock runs" "$(count iommu2_clock)" 0 0
show "the other instance's master is translated" "$(has_group "$M" && echo yes || echo no)" yes yes
shown
