# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A stream number that is far beyond what any DART has.
. /stories/lib/findings.sh
finding 26
oracle_off "the device comes by overlay, and stays"
translated "$M"
overlay_apply far-id
written=$(log_count 'KASAN: slab-out-of-bounds in apple_dart_of_xlate')
show "writes behind the map of streams" "$(more "$written")" yes no
show "is told of in the log" "$(more "$(log_count 'no such master ID: .1000.')")" no yes
[ "$written" = 0 ] || expect_splat 'KASAN: slab-out-of-bounds in apple_dart_of_xlate'
shown
