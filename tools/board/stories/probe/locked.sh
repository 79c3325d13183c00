# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A DART that the boot loader has locked is left unchanged: the log has one line, no
# register is written, and no master is put behind it.

# Once loaded, the crate stays, with its own allocations.
oracle_ignore '^slab_ours'
I=$(first_instance)
# shellcheck disable=SC2086 # an address and a value
poke $hw_lock
mark 0 2
check "the driver is loaded" load_driver
refute "the instance is not bound" bound "$I"
check "a line says it" log_has "$I: locked until the next reset"
equal "writes to it" "$(counter 0 mmio_writes)" 0
refute "the master is not behind it" has_group "$(first_master)"
unload_driver
