# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Suppliers that are registered late, and instances that are added even later.
. /stories/lib/findings.sh
finding 20
oracle_off "devices come by overlay, and stay"
overlay_apply late
load_driver
translated "$M"
late() { [ -n "$(instance 30d0000)" ] && [ "$(driver_of "$(instance 30d0000)")" != - ]; }
show "bound before its clock and reset are there" "$(late && echo yes || echo no)" no no
echo 1 >"$B/late_supplier"
arrives late
show "bound once they are" "$(late && echo yes || echo no)" no yes
overlay_apply instance-master
second() { [ -n "$(instance 30e0000)" ] && [ "$(driver_of "$(instance 30e0000)")" != - ]; }
arrives second
show "an instance that comes later is bound" "$(second && echo yes || echo no)" no yes
shown
