# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A domain that was detached and freed must not be used any more.
. /stories/lib/findings.sh
finding 5
translated "$M"
does "$M" alloc 0
does "$M" gattach 0
ttb=$(reg 0 0x050)
does "$M" gdetach 0
if [ "${image#debug}" != "$image" ]; then
	# KASAN keeps freed memory in quarantine and reports the access to it.
	does - free 0
	does "$M" alloc 1
	crashes "attach of the next domain"
	show "attach of the next domain" "$(answer "$M" gattach 1)" - 0
	show "reports of use after free" "$(log_count 'KASAN: ')" - 0
else
	# The memory of the directory is allocated again at once, as a buffer of the client.
	reused=no
	! client - reuse 0 4 "$ttb" 0 || reused=yes
	walked=no
	[ "$(reg 0 0x020)" != 0x00000001 ] || [ "$(reg 0 0x050)" != "$ttb" ] || walked=yes
	show "the freed directory's memory is a buffer of the client's" $reused yes "*"
	show "the hardware still translates with that memory" $walked yes no
	# The effect of the C driver's next attach depends on the new use of the memory.
	if [ "$driver" != c ]; then
		does "$M" alloc 1
		does - buf 8 1
		show "attach of the next domain" "$(answer "$M" gattach 1)" - 0
		does - map 1 0x100000 8 0 0x1000 rw
		show "a read through it" "$(answer "$M" read 0 0x100000 64)" - "0 bytes 64"
		does - unmap 1 0x100000 0x1000
		does - bfree 8
	fi
fi
if [ "$driver" != c ]; then
	does "$M" gdetach 1
	does - free 1
	drop_buffers
fi
shown
