# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Masters exist before the driver is loaded, so the core replays them during the
# registration. The bad one among them, first or last, gets no group. The instance stays
# registered, and the good one is translated. Only the replay can have probed it, since
# no driver for the masters is loaded yet.

refute "the masters have no driver yet" loaded board_client
refute "nor has the instance" loaded "$driver_module"
bad="" good=""
for M in $(masters); do
	if [ "$(xxd -p -s 4 "/sys/bus/platform/devices/$M/of_node/iommus")" = 0000004d ]; then
		bad=$M
	else
		good=$M
	fi
done
check "a bad master and a good one" test -n "$bad" -a -n "$good"
first=$(first_master)
note "the bad one is $bad, the first on the bus $first"
case $devicetree in
*-bad-first) equal "the first on the bus" "$first" "$bad" ;;
*-bad-last) equal "the first on the bus" "$first" "$good" ;;
*) fail "devicetree $devicetree is not for this story" ;;
esac

check "the driver is inserted" load_driver
I=$(first_instance)
check "the instance stays registered" bound "$I"
check "the good master has a group" has_group "$good"
refute "the bad master has none" has_group "$bad"
check "the log names the bad one" log_has "$bad: .*no such master ID: \[77\]"
link=$(readlink -f "/sys/bus/platform/devices/$good/iommu")
equal "the good master's instance" "${link##*/}" "$I"

check "the masters' driver comes" load board_client
wait_for "the good one is translated" 5 usable "$good"
begin "$good"
buffers 4
does - map 0 0x1000 0 0 0x4000 r
does - map 0 0x100000 1 0 0x4000 w
mark 0
does "$M" copy 0 0x1000 0x100000 0x4000
does - cmp 0 0 0x4000 1 0
denied no- "$M" read 0 0x8000 64
sealed 0
does "$M" detach 0
says 16384 - unmap 0 0x1000 0x4000
says 16384 - unmap 0 0x100000 0x4000
does - free 0
drop_buffers
equal "domain of the bad one" "$(client "$bad" domain)" none
# The oracle counts more now, because devices have drivers, links and a group.
oracle_off "what was inserted stays"
