# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# modprobe by the modalias of the devicetree node loads the crate and the driver,
# in this order, and the instance is bound.

# Once loaded, the crate stays, with its own allocations.
oracle_ignore '^slab_ours'
I=$(first_instance)
refute "the driver is not loaded" loaded "$driver_module"
modalias=$(cat "/sys/bus/platform/devices/$I/modalias")
note "$modalias"
# A real system has one driver for this hardware; here there are several, so all aliases but this
# driver's are removed.
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
