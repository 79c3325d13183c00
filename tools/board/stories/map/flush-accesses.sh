# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The register accesses of a flush: three for a page in a table that exists, at most seven for
# 16 aligned pages, four for a new table, and four for 4 MiB.

accesses() { echo $(($(counter 0 mmio_reads) + $(counter 0 mmio_writes))); }
# costs MOST WHAT COMMAND...: runs a command of the client, and checks its accesses.
costs() {
	local most=$1 what=$2 before
	shift 2
	before=$(accesses)
	check "$what" client - "$@"
	note "$what: $(($(accesses) - before)) accesses"
	check "$what: at most $most accesses" test $(($(accesses) - before)) -le "$most"
}

begin
buffers 16
costs 4 "a page in a new table" map 0 0x0 0 0 0x1000 rw
costs 3 "a page" map 0 0x1000 0 0x1000 0x1000 rw
costs 3 "a page is unmapped" unmap 0 0x1000 0x1000
costs 12 "16 pages" map 0 0x10000 0 0 0x10000 rw
costs 12 "16 pages are unmapped" unmap 0 0x10000 0x10000
does - buf 2 1024
costs 4 "4 MiB" map 0 0x400000 2 0 0x400000 rw
does "$M" read 0 0x7ff000 64
costs 4 "4 MiB are unmapped" unmap 0 0x400000 0x400000
costs 3 "a page is unmapped" unmap 0 0x0 0x1000
denied no- "$M" read 0 0x7ff000 64
finish
