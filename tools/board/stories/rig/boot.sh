# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The board is as the other stories assume: it runs the kernel that was built, has
# the requested number of CPUs and a devicetree, and loads modules.

read -r line </proc/version
note "$line"

equal "CPUs online" "$(grep -c ^processor /proc/cpuinfo)" "$ncpus"
check "debugfs is mounted" test -d $DEBUGFS/clk
if [ -n "${devicetree:-}" ]; then
	check "the devicetree is live" test -d /proc/device-tree
fi
check "modules can be listed" test -r /proc/modules
record kernel "$(uname -r)"
