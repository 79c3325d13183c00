# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# One CPU unmaps a page of a domain while another one detaches the master from it, and the
# hardware hangs. The master is in the identity domain then: a failure that concerns the domain
# that it has left does not deny it. The delay of the unmap is another one in each round.

two_cpus
M=$(first_master)
translated "$M"
buffers 1
physical=$(client - bphys 0 0)
for round in $(seq 40); do
	does "$M" alloc 0
	does "$M" attach 0
	does - map 0 0x1000 0 0 0x1000 rw
	does "$M" read 0 0x1000 64
	hw_stick 0
	rm -f /tmp/go
	(
		pin 1
		: >/tmp/ready
		until [ -e /tmp/go ]; do :; done
		while [ "$round" -gt 0 ]; do
			[ -e /tmp/go ]
			round=$((round - 1))
		done
		client - unmap 0 0x1000 0x1000 >/dev/null
	) &
	unmap=$!
	until [ -e /tmp/ready ]; do usleep 1000; done
	: >/tmp/go
	does "$M" detach 0
	wait $unmap
	hw_unstick 0
	rm -f /tmp/ready
	says identity "$M" domain
	does "$M" read 0 "$physical" 64
	does - free 0
done
# The tables of the domains stay in memory until the hardware answers.
begin
finish
