# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The hardware loses its registers in system sleep, and cannot be written when that ends. Once
# it can be again, the next change of its masters closes it, and so does the next sleep.

can_sleep platform
oracle_ignore '_misuse_(gated|reset|unpowered)_accesses'
gate=0x030017bc
begin
does "$M" detach 0
does "$M" gattach 0
buffers 1
physical=$(client - bphys 0 0)
does - map 0 0x1000 0 0 0x1000 rw
does "$M" read 0 0x1000 64

joined() { has_group "$(master 1c0e000)"; }
lose_unwritable() {
	poke $gate 0
	lose_once
	poke $gate 0x10001
}

# Another master joins the domain.
lose_unwritable
refute "it translates" hw_translates 0
check "another master" overlay_apply "$hw_joiner"
wait_for "the other master" 5 joined
check "it translates" hw_translates 0
mark 0
does "$M" read 0 0x1000 64
denied no- "$M" read 0 "$physical" 64
sealed 0
check "the other master is removed" overlay_remove all

# The machine sleeps again.
lose_unwritable
refute "it translates" hw_translates 0
lose_once
check "it translates" hw_translates 0
mark 0
does "$M" read 0 0x1000 64
denied no- "$M" read 0 "$physical" 64
sealed 0
does "$M" gdetach 0
does - free 0
drop_buffers
hw_joiner_gone
