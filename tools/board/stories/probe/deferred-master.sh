# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The probe of a master is deferred for a supplier other than the IOMMU, and then the
# master's driver is removed. Its instance can be added and removed all the same.

taken_on() { has_group "$(master 2001000)"; }

check "an instance and its master come" adopt "$hw_named" waiting
M=$(master 2001000)
wait_for "it is known to wait" 5 grep -q "$M" $DEBUGFS/devices_deferred
instance_id=$adopter
check "the instance goes" overlay_remove "$instance_id"
check "it is gone" test -z "$(instance 30e0000)"

echo none >"/sys/bus/platform/devices/$M/driver_override"
check "the instance comes again" overlay_apply "$hw_named"
wait_for "its IOMMU takes the master on" 5 taken_on
refute "nobody drives the master" bound "$M"
# This hangs if the driver core takes the deferred probe for a running one.
check "the instance goes again" overlay_remove last
check "it is gone" test -z "$(instance 30e0000)"
check "the master goes" overlay_remove all
