# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Registers lose their contents in a sleep without power. The knobs "firmware" and "left_on" choose
# the registers that firmware has set after it. With "retain" all registers are kept.

. /stories/lib/sleep.sh

can_sleep platform
# state: prints SMMU_CONFIG, TLB_CONFIG, the swgroup register and a word of TRANSLATION_ENABLE
state() { echo "$(hw_read 0 0x010) $(hw_read 0 0x014) $(hw_read 0 $hw_swgroup) $(hw_read 0 0x228)"; }
set_up() {
	hw_write 0 0x010 1
	hw_write 0 0x014 0x20000008
	hw_write 0 $hw_swgroup 0x80000001
	hw_write 0 0x228 0x2
	equal "as written" "$(state)" "0x00000001 0x20000008 0x80000001 0x00000002"
}

set_up
sleep_once
equal "with power" "$(state)" "0x00000001 0x20000008 0x80000001 0x00000002"
lose_once
equal "without" "$(state)" "0x00000000 0x20000010 0x00000000 0x00000000"

set_up
knob 0 retain 1
lose_once
equal "retained" "$(state)" "0x00000001 0x20000008 0x80000001 0x00000002"
knob 0 retain 0

knob 0 firmware 1
knob 0 left_on 1
set_up
lose_once
case $soc in
t30) mask=0xfffffffe ;;
t114) mask=0x71ff8e7e ;;
*) mask=0xf0e3c07e ;;
esac
equal "set by firmware" "$(state)" "0x00000001 0x20000010 0x80000000 $mask"
equal "registers touched without power" "$(counter 0 unpowered_accesses)" 0
knob 0 firmware 0
knob 0 left_on 0
