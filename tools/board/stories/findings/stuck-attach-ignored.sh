# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A TLB that does not answer while a domain is attached.
. /stories/lib/findings.sh
finding 28
attached
does "$M" alloc 2
hw_stick 0
show "attach of another domain" "$(answer "$M" replace 2)" 0 "-110*"
hw_unstick 0
client "$M" domain >/dev/null
show "the master is in" "$client_said" "paging 2" "paging $D"
does "$M" gdetach "${client_said#paging }"
does - free 2
does - free "$D"
shown
