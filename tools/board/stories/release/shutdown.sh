# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The machine is shut down while masters still run. From then on no driver keeps their
# tables in memory, so the IOMMU denies them, and raises no interrupt. The story
# registers the reads that are made after the shutdown; boots.toml lists the lines that
# the console must then have. shutdown:paging, stuck, fixed, blocked, identity, partly, detached
# or unbound.

for M in $(masters); do
	translated "$M"
done
M=$(first_master)
buffers 1
physical=$(client - bphys 0 0)
case $1 in
paging | stuck | unbound)
	does "$M" alloc 0
	does "$M" gattach 0
	does - map 0 0x1000 0 0 0x1000 rw
	does "$M" read 0 0x1000 64
	if [ "$1" = unbound ]; then
		# The hardware still denies, so its clock and reset stay as they are.
		does "$M" last_unbind
		hw_last_power
		oracle_off "the boot ends with a domain attached"
		return
	fi
	does "$M" last_read 0x1000
	if [ "$1" = stuck ]; then
		# The shutdown cannot invalidate the cached page.
		hw_stick 0
		oracle_off "the boot ends with a domain attached"
		return
	fi
	# After the shutdown, a thread that still runs attaches the domain again.
	does - map 0 0x3000 0 0 0x1000 rw
	does "$M" last_attach 0
	does "$M" last_read 0x3000
	;;
fixed)
	# The swgroup of the other master of the group cannot be denied any more.
	check "the other master" overlay_apply "$hw_joiner"
	wait_for "the other master" 5 usable_at 1c0e000
	does "$M" alloc 0
	does "$M" gattach 0
	does - map 0 0x1000 0 0 0x1000 rw
	for dev in "$M" "$(master 1c0e000)"; do
		does "$dev" read 0 0x1000 64
		does "$dev" last_read 0x1000
	done
	knob 0 fixed "${hw_joiner_port#swgroup }"
	;;
blocked)
	does "$M" block
	denied '' "$M" read 0 "$physical" 64
	;;
identity)
	for M in $(masters); do
		says identity "$M" domain
		does "$M" read 0 "$physical" 64
		does "$M" last_read "$physical"
	done
	;;
detached)
	# Another master was removed, and its port is denied. After the shutdown, a thread that
	# still runs detaches the first master, and attaches it again.
	check "another master" overlay_apply "$hw_joiner"
	wait_for "the other master" 5 usable_at 1c0e000
	does "$M" alloc 0
	does "$M" gattach 0
	check "the other master is removed" overlay_remove all
	check "the other master is gone" gone 1c0e000
	does "$M" last_attach 0
	;;
partly)
	# Another master was removed, and its port is denied. The first is in identity.
	check "another master" overlay_apply "$hw_joiner"
	wait_for "the other master" 5 usable_at 1c0e000
	check "it is removed" overlay_remove all
	check "the other master is gone" gone 1c0e000
	says identity "$M" domain
	does "$M" read 0 "$physical" 64
	;;
*) fail "no such case: $1" ;;
esac
does "$M" last_read "$physical"
hw_last_regs
# The domain stays attached until the machine is off.
oracle_off "the boot ends with a domain attached"
