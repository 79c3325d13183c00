# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The driver cannot be removed while one of its domains exists, even if it has no
# masters any more.

loaded "$driver_module" || load_driver
check "overlay" overlay_apply codec
wait_for "the codec" 5 usable_at 1c0e000
does "$(master 1c0e000)" alloc 0
check "overlay" overlay_remove all
check "the codec is gone" gone 1c0e000
if rmmod "$driver_module" 2>/tmp/why; then
	stays "a domain whose code is gone"
	fail "removed with a domain"
fi
note "with a domain: $(cat /tmp/why)"
does - free 0
check "the driver can be removed" unload_driver
check "and come again" load_driver
