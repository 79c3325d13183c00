# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Registers that depend on the version of the hardware: the H6 has six masters, the H616
# seven, for which the driver disables prefetch. Port 0 is translated, the others are
# denied.

case $soc in
h6) prefetch=0x0000003f interrupts=0x0003003f rules="0x0fff0000 0x0ffd0ffe 0x00000ffc" ;;
h616) prefetch=0x00000000 interrupts=0x0003007f rules="0x3fff0000 0x3ffd3ffe 0x00003ffc" ;;
esac
begin
equal "TLB_PREFETCH" "$(reg 0 0x070)" $prefetch
equal "INT_ENABLE" "$(reg 0 0x100)" $interrupts
equal "BYPASS" "$(reg 0 0x030)" 0x00000000
equal "DM_AUT_CTRL of classes 0 to 5" "$(reg 0 0x0b0) $(reg 0 0x0b4) $(reg 0 0x0b8)" "$rules"
finish
