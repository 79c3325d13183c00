# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two masters, each behind the same two DARTs, share a stream at only one of them. They
# are one group, regardless of which DART that is and of the order in the devicetree.
# When one master is removed, its own stream is denied, and the shared one continues.
# The second DART is added by an overlay and has the shared stream.
# shared-second[:reversed | :first]: reversed: that DART is named first; first: the other
# DART has the shared stream.

# by DART STREAM: the accesses of the first master use this DART and stream.
by() { echo "4 $1 $2" >"$B/wiring"; }

# Adds the other master, which is behind the second DART.
mate() {
	xxd -p "/overlays/$soc-$1.dtbo" | tr -d '\n' |
		sed "s/facefeed/$(xxd -p /proc/device-tree/soc/iommu@30e0000/phandle)/" | xxd -r -p >/tmp/mate
	cat /tmp/mate >"$B/overlay/apply"
}

both=both shared="1 0" own="0 2" others="0 3"
case $1 in
reversed) both="both-reversed" ;;
first) shared="0 2" own="1 0" others="1 3" ;;
esac
check "a DART and its master come" adopt instance-named $both
check "another master comes" mate "mate${1:+-$1}"
wait_for "a master" 5 usable_at 2001000
wait_for "the other one" 5 usable_at 2002000
M=$(master 2001000)
says "$(client "$M" group)" "$(master 2002000)" group
does "$M" alloc 0
does "$M" gattach 0
says "paging 0" "$(master 2002000)" domain
buffers 1
does - map 0 0x1000 0 0 0x1000 r
mark 0
mark 1
for way in "$shared" "$own" "$others"; do
	by $way
	does "$M" read 0 0x1000 64
	denied no- "$M" read 0 0x2000 64
done
check "the other one goes" overlay_remove
check "it is gone" gone 2002000
for way in "$shared" "$own"; do
	by $way
	does "$M" read 0 0x1000 64
	denied no- "$M" read 0 0x2000 64
done
by $others
denied '' "$M" read 0 0x1000 64
by $shared
sealed 0
sealed 1
does "$M" gdetach 0
does - free 0
drop_buffers
by 1 0
check "they go" overlay_remove all
