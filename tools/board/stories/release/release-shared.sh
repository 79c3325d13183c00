# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A released master is denied, but a stream that it shares with another master
# continues to work.

M=$(first_master)
translated "$M"
check "another one comes" overlay_apply sharer
# The default wiring differs from the devicetree here.
case $soc in
h6 | h616) echo "1 0 0" >"$B/wiring" ;;
esac
wait_for "it is there" 5 usable_at 1c0e000
other=$(master 1c0e000)
says "$(client "$M" group)" "$other" group
does "$M" alloc 0
does "$M" gattach 0
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does "$M" read 0 0x1000 64
does "$other" read 0 0x1000 64
mark 0
check "it goes" overlay_remove all
check "it is gone" gone 1c0e000
does "$M" read 0 0x1000 64
# A fault is reported for the remaining master. The C driver for DART reports none to a domain.
if [ "$driver" = rust ] && $hw_reports_faults; then
	does - handler 0 on
	does - faults clear
	denied no- "$M" read 0 0x2000 64
	does - faults clear
	equal "faults" "$(said count)" 1
	equal "device" "$(said dev)" "$M"
fi
does "$M" gdetach 0
does - free 0

# Both are blocked together.
check "it comes again" overlay_apply sharer
wait_for "it is there" 5 usable_at 1c0e000
mark 0
does "$M" block
physical=$(client - bphys 0 0)
denied '' "$M" read 0 "$physical" 64
denied '' "$(master 1c0e000)" read 0 "$physical" 64
sealed 0
does "$M" unblock
does "$M" read 0 "$physical" 64
check "it goes" overlay_remove all
does "$M" read 0 "$physical" 64
case $soc in
h6 | h616) echo "1 0 3" >"$B/wiring" ;;
esac
drop_buffers
