# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox disable=SC2154 # mappings come from here
# On one CPU a master is probed again and again through drivers_probe, while on the
# other its instance is added and removed by overlay. After each removal no master
# refers to the instance. At the end, with the instance added, the master is translated.
# unregister-race:ROUNDS

rounds=${1:-200}
two_cpus
loaded "$driver_module" || load_driver
check "an instance and its master come" adopt instance-named orphan
wait_for "the master" 5 usable_at 2001000
M=$(master 2001000)
instance_id=$adopter
check "the instance goes" overlay_remove "$instance_id"
check "the instance is gone" gone 30e0000

P=/sys/bus/platform
lost=/sys/module/board_client/parameters/lost
# Without an instance the driver would be bound to an untranslated master, and the core
# warns about a driver that was bound before the IOMMU.
echo 1 >/sys/module/board_client/parameters/translated_only
rm -f /tmp/stop /tmp/probes
echo 0 >/tmp/met
(
	pin 1
	probes=0 met=0 failed=0
	while [ ! -e /tmp/stop ]; do
		read -r before <"$B/overlay/moves"
		echo "$M" >$P/drivers_probe 2>/dev/null || failed=$((failed + 1))
		read -r after <"$B/overlay/moves"
		probes=$((probes + 1))
		# An odd number means that an overlay was being applied or removed.
		if [ $((before & 1)) = 1 ] || [ "$before" != "$after" ]; then
			met=$((met + 1))
			echo $met >/tmp/met
		fi
		echo "$M" >$P/drivers/board-client/unbind 2>/dev/null
	done
	echo "$probes $met $failed" >/tmp/probes
) &
other=$!

pin 0
# Keeps the core's warnings, one a round with its stack, off the console, but not KASAN's errors.
dmesg -n 4
check "the instance comes" overlay_apply instance-named
check "it goes" overlay_remove last
round=0 left=0 met=0
# Repeats until probes have overlapped with removals often enough. That depends on the host's
# scheduler.
while [ $round -lt "$rounds" ] || { [ "${met:-0}" -le $((rounds / 10)) ] && [ $round -lt $((20 * rounds)) ]; }; do
	[ $((round % 100)) != 0 ] || note "round $round"
	read -r met </tmp/met
	echo 1 >"$B/overlay/again" || break
	echo last >"$B/overlay/remove" || break
	# There is no instance now, so no probe on the other CPU can find it.
	[ ! -e "$P/devices/$M/iommu" ] && [ ! -e "$P/devices/$M/iommu_group" ] || left=$((left + 1))
	round=$((round + 1))
done
: >/tmp/stop
wait $other
read -r _self _ </proc/self/stat
taskset -p 3 "$_self" >/dev/null
read -r probes met failed </tmp/probes
note "$round rounds, $probes probes, $met while the instance came or went, $failed refused"
check "rounds: $round" test $round -ge "$rounds"
equal "rounds after which a master named a dead instance" $left 0
check "probes met removals: $met" test "$met" -gt $((rounds / 10))
record unregister_race_rounds "$round"
record unregister_race_probes "$probes"
record unregister_race_met "$met"

echo 0 >/sys/module/board_client/parameters/translated_only
check "the instance comes" overlay_apply instance-named
wait_for "it is bound" 5 bound "$(instance 30e0000)"
[ -e "$P/devices/$M/driver" ] || echo "$M" >$P/drivers_probe
wait_for "its master" 5 usable "$M"
begin "$M"
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
mark 1
does "$M" read 0 0x1000 64
sealed 1
says 4096 - unmap 0 0x1000 0x1000
does "$M" detach 0
does - free 0
drop_buffers
check "it goes" overlay_remove last
check "the master goes" overlay_remove all
equal "masters that lost their IOMMU with a driver on them" "$(cat $lost)" 0

# A driver's probe found the instance after the core had replayed all masters and before
# it marked the instance as ready.
waived 'WARNING: drivers/iommu/iommu.c:[0-9]+ at __iommu_probe_device'
# A device link was added while the probe of its consumer was being deferred, see
# soundness.rst. The next check of the suppliers corrects its status.
waived 'WARNING: drivers/base/core.c:[0-9]+ at device_links_(check_suppliers|missing_supplier)'
# The core's count of drivers in a group is wrong, see soundness.rst. Either the replay
# also counted a driver that was just being probed, or a driver was probed without its
# IOMMU, got it by the replay and is not counted.
waived 'WARNING: drivers/iommu/iommu.c:[0-9]+ at __iommu_group_free_device'
waived 'WARNING: drivers/iommu/iommu.c:[0-9]+ at iommu_device_unuse_default_domain'
