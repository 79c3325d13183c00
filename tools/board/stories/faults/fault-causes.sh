# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# One interrupt has four causes, of four masters: all are reported, each for the right
# master, and every master continues. fault-causes[:lanes]: lanes: a master stays stalled
# until the driver resets its lane.

M=$(first_master)
masters=$(masters)
for dev in $masters; do
	translated "$dev"
done
does "$M" alloc 0
does "$M" gattach 0
buffers 2
does - map 0 0x5000 0 0 0x1000 r
does - map 0 0x6000 0 0x1000 0x1000 w
does - handler 0 on
does - faults clear

# Each master waits until its fault is handled.
[ "$1" != lanes ] || knob 0 stall 2
set -- "read 0 0x7000 64" "read 0 0x90000000 64" "fill 0 0x5000 64 1" "read 0 0x6000 64"
irqs=$(board_stat irq_delivered)
before=$(counter 0 faults_latched)
echo 1 >"$B/hold_irq"
for dev in $masters; do
	client "$dev" $1 >/dev/null &
	shift
done
latched() { [ "$(counter 0 faults_latched)" = $((before + 4)) ]; }
wait_for "four faults" 5 latched
does - faults
equal "faults while the interrupt is held" "$(said count)" 0
echo 0 >"$B/hold_irq"
wait
equal "interrupts" "$(($(board_stat irq_delivered) - irqs))" 1
does - faults clear
equal "faults" "$(said count)" 4
set -- "0x00007000: page not mapped" "0x90000000: no table" "0x00005000: .*read-only" "0x00006000: .*write-only"
for dev in $masters; do
	check "$dev is blamed" log_has "$dev .*$1"
	shift
	does "$dev" read 0 0x5000 64
done
knob 0 stall 0
says 4096 - unmap 0 0x5000 0x1000
says 4096 - unmap 0 0x6000 0x1000
does "$M" gdetach 0
does - free 0
drop_buffers
