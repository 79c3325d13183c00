# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master is removed and added again ten times. The memory of its group is freed each time.
. /stories/lib/findings.sh
finding 50
translated "$M"
check "the allocator knows who has what" test -r $DEBUGFS/slab/kmalloc-64/alloc_traces
# Prints the number of objects that the driver has allocated: the C driver for groups, ours at all.
objects() {
	if [ "$driver" = rust ]; then
		slab_ours | cut -d ' ' -f 2
		return
	fi
	awk '$1 ~ /^[0-9]+$/ { n = $1 }
		/tegra_smmu_device_group/ { total += n; n = 0 }
		END { print total + 0 }' $DEBUGFS/slab/kmalloc-*/alloc_traces
}
before=$(objects)
n=0
while [ $n -lt 10 ]; do
	does @ unplug "$M"
	does @ plug
	translated "$M"
	n=$((n + 1))
done
show "ten objects or more are left of ten groups that went" "$(at_least $(($(objects) - before)) 10)" yes no
shown
