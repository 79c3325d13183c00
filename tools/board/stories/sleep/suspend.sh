# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# System sleep with a domain attached. The kinds are: suspend of the devices (devices),
# also of the late and the noirq phase (platform), or complete sleep until the runner
# wakes the machine (s2idle). First a master copies all the time. Then the hardware loses
# its registers during the sleep, and the pages that were mapped before are translated
# afterwards. It loses them in the last phase, so not with "devices".

can_sleep "$1"
begin
I=$(first_instance)
buffers 4
does - map 0 0x100000 0 0 0x4000 r
does - map 0 0x200000 1 0 0x4000 w
does - map 0 0xc0000000 0 0 0x1000 r
does "$M" copy 0 0x100000 0x200000 0x4000
usage=$(count "rpm_usage_$I")

# The master is not paused.
mark 0 2
does "$M" load start 0 0x100000 1 0x200000 0x4000
does "$M" load keep
sleep_once
does "$M" load stat
passes=$(said passes)
wait_for "it copies on" 5 copies "$M" "$passes"
does "$M" load stop
equal "errors" "$(said errors)" 0
equal "mismatches" "$(said mismatches)" 0
sealed 0
record "suspend_${kind}_passes" "$passes"

# The registers are lost, and the master is paused.
does "$M" load start 0 0x100000 1 0x200000 0x4000
wait_for "it copies" 5 copies "$M" 0
mark 0 2
table=$(hw_table 0)
lose_once
equal "table" "$(hw_table 0)" "$table"
check "it translates" hw_translates 0
does "$M" load stat
wait_for "it copies on" 5 copies "$M" "$(said passes)"
does "$M" load stop
equal "errors" "$(said errors)" 0
equal "mismatches" "$(said mismatches)" 0
does "$M" copy 0 0x100000 0x200000 0x4000
does - cmp 0 0 0x4000 1 0
# A DART with small pages has a table base of its own for each GiB.
does "$M" read 0 0xc0000000 64
denied permission "$M" fill 0 0x100000 64 0
denied no- "$M" read 0 0x300000 64
does - map 0 0x300000 0 0 0x1000 r
does "$M" read 0 0x300000 64
sealed 0
equal "usage" "$(count "rpm_usage_$I")" "$usage"
hw_untouched 0
does "$M" detach 0

# In the identity domain, in which the hardware is off before and after, if it supports that.
hw_rests 0
lose_once
hw_rests 0
says identity "$M" domain
does "$M" attach 0
does "$M" read 0 0x300000 64
finish
