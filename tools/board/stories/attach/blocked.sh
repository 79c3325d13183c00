# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A master in the blocked domain reaches nothing: neither the pages of its previous
# domain, nor memory by its physical address. The blocked domain is attached in place
# of the default domain and of a paging domain, and replaced by either.

begin
buffers 1
does - map 0 0x100000 0 0 0x1000 rw
does "$M" detach 0
does - bphys 0 0
physical=$client_said
does "$M" read 0 "$physical" 64

# From the identity domain.
mark 0
does "$M" block
says blocked "$M" domain
denied '' "$M" read 0 "$physical" 64
denied '' "$M" read 0 0x100000 64
sealed 0

# From the blocked domain to a paging domain and back, while the device copies.
does "$M" replace 0
does "$M" read 0 0x100000 64
does "$M" load start 0 0x100000 0 0x100800 0x800
for _ in $(seq 20); do
	does "$M" block
	does "$M" replace 0
done
wait_for "some accesses are let through" 5 copies "$M" 0
does "$M" load stop
does "$M" block
denied '' "$M" read 0 0x100000 64
sealed 0

does "$M" unblock
says identity "$M" domain
does "$M" read 0 "$physical" 64
says 4096 - unmap 0 0x100000 0x1000
does - free 0
drop_buffers
