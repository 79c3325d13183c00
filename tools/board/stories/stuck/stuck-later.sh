# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The hardware finishes the first flush of an attach, and hangs at the second one, when the
# table base is that of the new domain. The attach fails, the table base is that of the
# domain before again, and no master reaches the new one's pages. If it hangs at the third
# one, the master is attached, and denied until a flush succeeds.

begin
does "$M" alloc 1
buffers 2
does - map 0 0x100000 0 0 0x1000 rw
does - map 1 0x300000 1 0 0x1000 rw
does "$M" read 0 0x100000 64
table=$(hw_table 0)
mark 0
knob 0 good_flushes 1
hw_stick 0
refuses "$M" replace 1
note "refused: $client_errno"
says "paging 0" "$M" domain
equal "table" "$(hw_table 0)" "$table"
for page in 0x100000 0x300000; do
	denied '' "$M" read 0 $page 64
done
hw_unstick 0
does - map 0 0x110000 0 0 0x1000 rw
does "$M" read 0 0x100000 64
denied no- "$M" read 0 0x300000 64

lines=$(log_count 'denied until one succeeds')
knob 0 good_flushes 2
hw_stick 0
does "$M" replace 1
says "paging 1" "$M" domain
equal "lines in the log" "$(log_count 'denied until one succeeds')" $((lines + 1))
for page in 0x100000 0x300000; do
	denied '' "$M" read 0 $page 64
done
hw_unstick 0
does - map 1 0x310000 1 0 0x1000 rw
does "$M" read 0 0x300000 64
denied no- "$M" read 0 0x100000 64
says 4096 - unmap 1 0x310000 0x1000
does "$M" replace 0
sealed 0
says 4096 - unmap 0 0x110000 0x1000
says 4096 - unmap 0 0x100000 0x1000
does - free 1
finish
