# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Counts the references of an IOMMU's device while a master is deferred, while one is added and
# removed, and while one is unbound and bound, 20 times each. "make core" shows the numbers of all drivers.
# references[:leaky]: the C driver as it was before it put its references.

rounds=20
[ "$driver" != c ] || oracle_off "the C driver leaves its hardware on, and what it has leaked"
[ -z "$1" ] || check "that driver comes" load "${hw_c_module}_$1"
I=$(first_instance)
check "it is bound" bound "$I"

# Prints the number of objects that the driver has allocated for masters and not freed.
kept() {
	if [ "$driver" = c ]; then
		cat $DEBUGFS/slab/*/alloc_traces | awk '$1 ~ /^[0-9]+$/ && /_of_xlate/ { n += $1 } END { print n + 0 }'
	else
		slab_ours | cut -d ' ' -f 2
	fi
}

add() { overlay_apply codec && translated "$(master 1c0e000)"; }
remove() { overlay_remove all && wait_for "it is gone" 5 gone 1c0e000; }
defer() { echo "$half" >/sys/bus/platform/drivers_probe 2>/dev/null || :; }
replace() { add && remove; }
rebind() {
	echo "$codec" >/sys/bus/platform/drivers/board-client/unbind &&
		echo "$codec" >/sys/bus/platform/drivers/board-client/bind
}

# measure NAME COMMAND: records the references more than before, after each round.
measure() {
	local before refs list='' round=0
	before=$(count "ref_dev_$I")
	while [ $round -lt $rounds ]; do
		round=$((round + 1))
		check "round $round" "$2"
		refs=$(($(count "ref_dev_$I") - before))
		list="$list${list:+, }$refs"
	done
	numbers="$numbers${numbers:+, }\"$1\": [$list]"
}

numbers=
# The first master may leave what the driver makes once.
replace
measure added replace
check "a master is there" add
codec=$(master 1c0e000)
measure bound rebind
remove
before=$(kept)
check "a master is deferred" overlay_apply half
half=$(master 2003000)
measure deferred defer
refute "it is not behind its IOMMUs" has_group "$half"
overlay_remove all
wait_for "it is gone" 5 gone 2003000
# The port of the removed master is denied, which the hardware does while it is on.
oracle_ignore "^iommu0_|^rpm_usage_$I|^ref_dev_$I"
record leaks "{$numbers, \"objects\": $(($(kept) - before))}"
