# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The commands of a DART take some time, and it ignores a command while another one
# runs. Two streams of a domain need a command each, because a third stream is
# translated as well. After an unmap neither has a stale entry. For DARTs with pages of
# 16 KiB, which translate here only with the patch tools/mutants/slow-commands-t8112.patch.

begin
check "two other masters" overlay_apply pair
wait_for "a master" 5 usable_at 2001000
wait_for "another master" 5 usable_at 2002000
second=$(master 2001000) other=$(master 2002000)
does "$second" attach 0
does "$other" alloc 1
does "$other" attach 1
buffers 16
does - map 0 0x100000 0 0 0x10000 r
does - map 1 0x100000 0 0 0x10000 r
knob 0 busy_reads 3
for dev in "$M" "$second" "$other"; do
	does "$dev" read 0 0x104000 64
done
says 16384 - unmap 0 0x104000 0x4000
denied no- "$M" read 0 0x104000 64
denied no- "$second" read 0 0x104000 64
does "$other" read 0 0x104000 64
knob 0 busy_reads 0
does "$second" detach 0
does "$other" detach 1
does - free 1
finish
check "they go" overlay_remove all
