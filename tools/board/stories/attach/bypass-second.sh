# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master is behind two DARTs, one of which does not support bypass. The master then
# cannot have the identity domain, regardless of the order of the DARTs. This kernel has
# no translated DMA API, so there is no other default domain for it. It is refused with
# a line in the log, and its streams stay denied. bypass-second[:reversed]

first_of_all=$(first_master)
translated "$first_of_all"
says identity "$first_of_all" domain
hw_no_bypass 1 1
check "a DART and its master come" adopt instance-named "both${1:+-$1}"
wait_for "the master has its driver" 5 bound_at 2001000
refute "it is in a group" has_group "$(master 2001000)"
check "the log says why" log_has '2001000.dma-master: .*iommu, .*iommu: no bypass'
M=$(master 2001000)
buffers 1
physical=$(client - bphys 0 0)
mark 0
mark 1
for way in "4 0 2" "4 1 0"; do
	echo "$way" >"$B/wiring"
	denied '' "$M" read 0 "$physical" 64
done
sealed 0
sealed 1
does "$first_of_all" read 0 "$physical" 64
check "they go" overlay_remove all
hw_no_bypass 1 0

# Both support bypass: the master gets the identity domain.
check "a DART and its master come" adopt instance-named "both${1:+-$1}"
wait_for "the master" 5 usable_at 2001000
M=$(master 2001000)
says identity "$M" domain
for way in "4 0 2" "4 1 0"; do
	echo "$way" >"$B/wiring"
	does "$M" read 0 "$physical" 64
done
drop_buffers
check "they go" overlay_remove all
