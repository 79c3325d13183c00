# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The demonstration of "make board".

# Once loaded, the crate stays, with its own allocations.
oracle_ignore '^slab_ours'
check "the crate" load rust_iommu
before=$(oracle)
demo "Linux $(uname -r), user mode, $(grep -c ^processor /proc/cpuinfo) CPU(s); board: $(tr -d '\0' </proc/device-tree/model)"
check "insert" load_driver
I=$(first_instance)
demo "modprobe $driver_module: $(awk '{ print $1 " (" int($2 / 1024) " KiB)" }' /proc/modules | grep rust_ | sort -r | tr '\n' ' ')"
check "the instance is bound" bound "$I"
demo "  instance $I is bound, clock $(count iommu0_clock), translating: $(hw_translates 0 && echo yes || echo no)"
check "the codec comes" overlay_apply codec
wait_for "the codec" 5 usable_at 1c0e000
M=$(master 1c0e000)
demo "  master   $M is behind it, in group $(client "$M" group), domain: $(client "$M" domain)"

buffers 16
does "$M" alloc 0
demo "a domain is allocated: $client_said"
does - map 0 0x40000000 0 0 0x10000 r
does - map 0 0x80150000 1 0 0x10000 w
demo "  mapped 64 KiB: iova 0x40000000 -> pa $(client - phys 0 0x40000000), r-"
demo "  mapped 64 KiB: iova 0x80150000 -> pa $(client - phys 0 0x80150000), -w"
mark 0 2
does "$M" attach 0
demo "$M is attached: clock $(count iommu0_clock), table at $(hw_table 0)"
does "$M" copy 0 0x40000000 0x80150000 0x10000
bytes=$(said bytes)
does - cmp 0 0 0x10000 1 0
demo "  it copied $bytes bytes from 0x40000000 to 0x80150000: all equal"
record demo_bytes_copied "$bytes"
says 4096 - unmap 0 0x80153000 0x1000
demo "unmapped the page at 0x80153000; the device copies again:"
denied no-page "$M" copy 0 0x40000000 0x80150000 0x10000
log_since | grep 'page not mapped' | sed 's/^\[ *[0-9.]*\] /  /' >/tmp/lines
check "the fault is decoded" grep -q "$M .*0x80153000" /tmp/lines
demo "$(head -n 1 /tmp/lines)"
sealed 0
demo "  accesses $(counter 0 accesses), walks $(counter 0 walks), TLB hits $(($(counter 0 hits_micro) + $(counter 0 hits_macro))), untranslated $(report 0 passed)"
record demo_faults "$(counter 0 faults_latched)"
rmmod "$driver_module" 2>/dev/null && fail "the driver goes with a master"
demo "rmmod $driver_module: refused while a master is there"
does "$M" detach 0
says 65536 - unmap 0 0x40000000 0x10000
says 12288 - unmap 0 0x80150000 0x3000
says 49152 - unmap 0 0x80154000 0xc000
does - free 0
drop_buffers
check "the codec goes" overlay_remove all
check "the driver goes" unload_driver
refute "the driver is gone" loaded "$driver_module"
demo "the codec is removed from the devicetree; rmmod $driver_module: done"

after=$(oracle)
references=$(($(echo "$after" | awk '/^(ref_|rpm_|.*_clock)/ { n += $2 } END { print n + 0 }') - $(echo "$before" | awk '/^(ref_|rpm_|.*_clock)/ { n += $2 } END { print n + 0 }')))
mappings=$(($(echo "$after" | awk '/^nr_iommu_pages/ { print $2 }') - $(echo "$before" | awk '/^nr_iommu_pages/ { print $2 }')))
equal "counts" "$after" "$before"
demo "$references references left, $mappings mappings left"
record demo_references_left $references
record demo_mappings_left $mappings
