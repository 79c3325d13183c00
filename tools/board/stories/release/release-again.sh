# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The port of a removed master stays denied, while the first master is detached and attached
# again and another master is added, in the paging and in the identity domain. To test
# the port, the first master is wired to it.

M=$(first_master)
translated "$M"
buffers 1
physical=$(client - bphys 0 0)

# port_denied PORT: the port reaches neither a mapped page nor a physical address
port_denied() {
	echo "0 0 $1" >"$B/wiring"
	denied '' "$M" read 0 0x1000 64
	denied '' "$M" fill 0 0x1000 64 0
	denied '' "$M" read 0 "$physical" 64
	echo "0 0 $hw_first_port" >"$B/wiring"
}

ports_denied() {
	for port; do
		port_denied "$port"
	done
}

check "another master" overlay_apply "$hw_joiner"
wait_for "the other master" 5 usable_at 1c0e000
does "$M" read 0 "$physical" 64
does "$(master 1c0e000)" read 0 "$physical" 64

# Both are in the identity domain. The remaining master continues.
check "the other master is removed" overlay_remove last
check "it is gone" gone 1c0e000
says identity "$M" domain
does "$M" read 0 "$physical" 64
port_denied "$hw_joiner_port"

does "$M" alloc 0
does - map 0 0x1000 0 0 0x1000 rw
for _ in 1 2; do
	does "$M" gattach 0
	does "$M" read 0 0x1000 64
	port_denied "$hw_joiner_port"
	does "$M" gdetach 0
	says identity "$M" domain
	does "$M" read 0 "$physical" 64
	port_denied "$hw_joiner_port"
done

# A master at another port: in the identity domain, then in the paging domain.
check "a third master" overlay_apply "$hw_third"
wait_for "the third master" 5 usable_at 1c00000
does "$(master 1c00000)" read 0 "$physical" 64
port_denied "$hw_joiner_port"
does "$M" gattach 0
if $hw_third_joins; then
	does "$(master 1c00000)" read 0 0x1000 64
else
	does "$(master 1c00000)" read 0 "$physical" 64
fi
port_denied "$hw_joiner_port"
# shellcheck disable=SC2086 # words
ports_denied $hw_unnamed_ports $hw_joiner_more
check "the third master is removed" overlay_remove last
port_denied "$hw_third_port"

# The removed master is added again, and only then its port works. Its driver is bound
# while the group is in the default domain.
does "$M" gdetach 0
check "the other master again" overlay_apply "$hw_joiner"
wait_for "the other master again" 5 usable_at 1c0e000
port_denied "$hw_third_port"
does "$M" gattach 0
does "$(master 1c0e000)" read 0 0x1000 64
port_denied "$hw_third_port"
# shellcheck disable=SC2086 # words
ports_denied $hw_unnamed_ports
for port in $hw_joiner_more; do
	echo "0 0 $port" >"$B/wiring"
	does "$M" read 0 0x1000 64
	echo "0 0 $hw_first_port" >"$B/wiring"
done
does "$M" gdetach 0
says 4096 - unmap 0 0x1000 0x1000
does - free 0
check "all are removed" overlay_remove all
drop_buffers
hw_joiner_gone
