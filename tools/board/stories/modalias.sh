# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# modprobe by the modalias of the devicetree node loads the crate and the driver,
# in this order, and the instance is bound.

# The crate stays, and what it has of its own.
oracle_ignore '^slab_ours'
I=$(instance 30f0000)
refute "the driver is not loaded" loaded "$driver_module"
modalias=$(cat "/sys/bus/platform/devices/$I/modalias")
note "$modalias"
# Whoever installs a driver for this hardware installs one; here there are several.
for list in /lib/modules/*/modules.alias; do
	grep "^alias .* $driver_module\$" "$list" >/tmp/alias
	cp /tmp/alias "$list"
done
check "modprobe" modprobe "$modalias"
check "the driver is loaded" loaded "$driver_module"
check "the crate is loaded" loaded rust_iommu
check "the crate is used by it" grep -q "^rust_iommu .*$driver_module" /proc/modules
check "the instance is bound" bound "$I"
unload_driver
refute "the instance is not bound" bound "$I"
