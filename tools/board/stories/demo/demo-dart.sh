# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The second part of the demonstration of "make board": a master behind two DARTs.

# Once loaded, the crate stays, with its own allocations.
oracle_ignore '^slab_ours'
demo "board: $(tr -d '\0' </proc/device-tree/model); modprobe $driver_module"
check "insert" load_driver
check "a DART and its master come" adopt instance-named both
wait_for "the master" 5 usable_at 2001000
M=$(master 2001000)
demo "  master   $M is behind $(first_instance) and $(instance 30e0000)"
begin "$M"
does "$M" alloc 1
buffers 16
does - map 0 0x40000000 0 0 0x10000 r
does - map 0 0x80000000 1 0 0x10000 w
mark 0
mark 1
for way in "4 0 2" "4 1 0"; do
	echo "$way" >"$B/wiring"
	does - set 1 0 0x10000 0
	does "$M" copy 0 0x40000000 0x80000000 0x10000
	does - cmp 0 0 0x10000 1 0
done
demo "  it copied 65536 bytes through each: all equal"
hw_stick 1
refuses "$M" replace 1
errno=$client_errno
hw_unstick 1
for way in "4 0 2" "4 1 0"; do
	echo "$way" >"$B/wiring"
	does "$M" read 0 0x40000000 64
done
demo "  another domain, and the second does not answer: refused ($errno), both go on as before"
does "$M" load start 0 0x40000000 1 0x80000000 0x10000
wait_for "it copies" 5 copies "$M" 0
check "the second goes" overlay_remove "$adopter"
refute "the master has its driver still" bound "$M"
sealed 0
sealed 1
demo "the second is removed while the master copies: its driver is let go of first, untranslated $(($(report 0 passed) + $(report 1 passed)))"
does - free 1
does - free 0
drop_buffers
check "the master goes" overlay_remove all
check "the driver goes" unload_driver
demo "rmmod $driver_module: done"
