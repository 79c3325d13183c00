# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The probe of a master is deferred for a supplier other than the IOMMU when the core gives
# it to its instance. A driver is bound to it later, and unbound when the instance is removed.

taken_on() { has_group "$(master 2001000)"; }

check "an instance and its master come" adopt instance-named waiting-late
M=$(master 2001000)
wait_for "it is known to wait" 5 grep -q "$M" $DEBUGFS/devices_deferred
instance_id=$adopter
check "the instance goes" overlay_remove "$instance_id"
check "the instance comes again" overlay_apply instance-named
wait_for "the master is in a group" 5 taken_on
refute "the master has a driver" bound "$M"
check "its supplier comes" sh -c "echo 1 >$B/late_supplier"
wait_for "the master has its driver" 5 usable_at 2001000
check "the instance goes again" overlay_remove last
check "it is gone" gone 30e0000
refute "the master has its driver still" bound "$M"
check "the master goes" overlay_remove all
