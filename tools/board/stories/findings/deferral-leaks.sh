# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master is probed at least four times while its second DART is missing. The core also
# repeats such probes by itself.
. /stories/lib/findings.sh
finding 31

# Prints the number of objects that the driver, or the crate, has allocated and not freed.
kept() {
	if [ "$driver" = c ]; then
		cat $DEBUGFS/slab/*/alloc_traces | awk '$1 ~ /^[0-9]+$/ && / apple_dart_of_xlate/ { n += $1 } END { print n + 0 }'
	else
		slab_ours | cut -d ' ' -f 2
	fi
}

translated "$M"
before=$(kept)
overlay_apply half
half=$(master 2003000)
for attempt in 1 2 3; do
	echo "$half" >/sys/bus/platform/drivers_probe
done
refute "the master is not behind its IOMMUs" has_group "$half"
show "allocations lost in four attempts or more" $(($(kept) - before)) "[4-9]" 0
overlay_remove all
show "when the master is gone" $(($(kept) - before)) "[4-9]" 0
shown
