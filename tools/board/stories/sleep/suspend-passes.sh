# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# System sleep on hardware with only the identity and the blocked domain: the master
# stays in either, even if the hardware loses its registers. suspend-passes:KIND

can_sleep "$1"
M=$(first_master)
translated "$M"
says identity "$M" domain
I=$(first_instance)
usage=$(count "rpm_usage_$I")
buffers 1
from=$(client - bphys 0 0)
to=$(client - bphys 1 0)

# The master is not paused.
does "$M" load start 0 "$from" 1 "$to" 0x1000
does "$M" load keep
sleep_once
does "$M" load stat
wait_for "it copies on" 5 copies "$M" "$(said passes)"
does "$M" load stop
equal "errors" "$(said errors)" 0
equal "mismatches" "$(said mismatches)" 0

# The registers are lost, and the master is paused.
does "$M" load start 0 "$from" 1 "$to" 0x1000
wait_for "it copies" 5 copies "$M" 0
lose_once
does "$M" load stat
wait_for "it copies on" 5 copies "$M" "$(said passes)"
does "$M" load stop
equal "errors" "$(said errors)" 0
equal "mismatches" "$(said mismatches)" 0

# The master is denied before and after the sleep.
does "$M" block
mark 0
denied '' "$M" read 0 "$from" 64
lose_once
denied '' "$M" read 0 "$from" 64
sealed 0
does "$M" unblock
does "$M" read 0 "$from" 64
equal "usage" "$(count "rpm_usage_$I")" "$usage"
hw_untouched 0
drop_buffers
