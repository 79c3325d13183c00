# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A boot loader left an instance translating, with a device that still copies. From
# the probe on the device is denied. At no time are its accesses untranslated, not
# even when the instance is removed again, so its clock stays on. found-on:identity: its
# masters enter the identity domain instead, so it is off when all are removed.
# found-on:unpowered: first a clock and a reset fail in the probe, and the device copies on.

used_up() { [ "$(cat "$B/$1")" = 0 ]; }

if [ "$1" = identity ]; then
	buffers 1
	does - buf 2 8
	hw_leave_more 1
	hw_leave_on 1 2 "$(client - bphys 0 0)" "$(client - bphys 1 0)"
	check "it translates" hw_translates 1
	check "the instance comes" overlay_apply instance-masters
	wait_for "a master" 5 usable_at 2001000
	wait_for "the other master" 5 usable_at 2002000
	says identity "$(master 2001000)" domain
	# A flush reaches the page although the boot loader has left PTC_FLUSH_1 of a Tegra set.
	if [ "$driver_module" = rust_tegra_smmu ]; then
		M=$(master 2001000)
		does "$M" alloc 0
		does "$M" gattach 0
		does - map 0 0x1000 0 0 0x1000 r
		denied no- "$M" read 0 0x2000 64
		does - map 0 0x2000 0 0 0x1000 r
		does "$M" read 0 0x2000 64
		does "$M" gdetach 0
		does - free 0
	fi
	check "all go" overlay_remove all
	check "the instance is gone" gone 30e0000
	hw_left_identity 1
	drop_buffers
	return
fi
check "a device" overlay_apply codec
wait_for "the device" 5 usable_at 1c0e000
M=$(master 1c0e000)
buffers 1
does - buf 2 8
# The device is wired to the instance that is added later.
echo "1 1 $hw_first_port" >"$B/wiring"
hw_leave_on 1 2 "$(client - bphys 0 0)" "$(client - bphys 1 0)"
table=$(hw_table 1)
mark 1
does "$M" copy 0 0x0 0x1000 0x1000
does - cmp 0 0 0x1000 1 0
sealed 1
does "$M" load start 0 0x0 1 0x1000 0x1000
wait_for "it copies" 5 copies "$M" 0
if [ "$1" = unpowered ]; then
	for what in fail_clock fail_reset; do
		echo 1 >"$B/$what"
		check "the instance comes" overlay_apply instance
		wait_for "$what is used up" 5 used_up "$what"
		check "the instance goes" overlay_remove last
		check "it goes on translating" hw_translates 1
		does "$M" load stat
		wait_for "it copies on" 5 copies "$M" "$(said passes)"
	done
	sealed 1
fi
check "the instance comes" overlay_apply instance
wait_for "the instance is bound" 5 bound "$(instance 30e0000)"
wait_for "it is denied" 5 denied_load "$M"
does "$M" load stop
check "it is denied: $client_said" test "$(said errors)" -gt 0
denied "" "$M" read 0 0x0 64
check "the log says so" log_has '30e0000.*mmu: found translating'
sealed 1
check "the instance goes" overlay_remove last
check "it goes on denying" hw_translates 1
# The driver's table is not in use, since it is freed.
hw_still_denies 1 "$table"
denied "" "$M" read 0 0x0 64
sealed 1
oracle_ignore "^iommu1_(clock|reset)"
echo "1 0 $hw_joiner_port" >"$B/wiring"
check "the device goes" overlay_remove all
hw_joiner_gone
drop_buffers
