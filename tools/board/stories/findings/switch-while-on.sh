# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# One domain is replaced by another directly.
. /stories/lib/findings.sh
finding 8
misuses=ttb_while_enabled
translated "$M"
does "$M" alloc 0
does "$M" alloc 1
does "$M" replace 0
enabled=$(cat "$DEBUGFS/clk/bus-iommu/clk_enable_count")
mark 0 2
does "$M" replace 1
show "enable count of the clock, before and after" "$enabled $(cat "$DEBUGFS/clk/bus-iommu/clk_enable_count")" "1 2" "1 1"
show "directory changed while masters may access" "$(counter 0 ttb_while_enabled)" 1 0
does "$M" gdetach 1
if [ "$driver" != c ]; then
	does - free 0
	does - free 1
fi
shown
