# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The driver cannot be removed while it has a master, nor while one of its domains
# exists. After that it can.

check "overlay" overlay_apply codec
wait_for "the codec" 5 usable_at 1c0e000
M=$(master 1c0e000)
before=$(oracle)
rmmod "$driver_module" 2>/tmp/why && fail "removed with a master"
note "with a master: $(cat /tmp/why)"
check "the instance is still bound" bound "$(first_instance)"
equal "counts" "$(oracle)" "$before"
buffers 1
does "$M" alloc 0
does "$M" attach 0
does - map 0 0x1000 0 0 0x1000 rw
does "$M" read 0 0x1000 64
rmmod "$driver_module" 2>/tmp/why && fail "removed with a master attached"
does "$M" read 0 0x1000 64
check "overlay" overlay_remove all
check "the codec is gone" gone 1c0e000
rmmod "$driver_module" 2>/tmp/why && fail "removed with a domain"
note "with a domain: $(cat /tmp/why)"
says 4096 - unmap 0 0x1000 0x1000
does - free 0
drop_buffers
check "the driver can be removed" unload_driver
refute "the driver is gone" loaded "$driver_module"
check "and come again" load_driver
oracle_ignore "^iommu0_(clock|reset)|^rpm_usage_|^ref_dev_"
