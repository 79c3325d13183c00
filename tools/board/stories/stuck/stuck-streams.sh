# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# A stream whose invalidation is outstanding is denied. Another stream of the same DART
# continues. Its invalidations do not allow the first stream again, neither while the
# hardware hangs nor afterwards.

A=$(master 2000000)
X=$(master 2002000)
translated "$A"
translated "$X"
does "$A" alloc 0
does "$X" alloc 1
does "$A" gattach 0
does "$X" gattach 1
buffers 4
does - map 0 0x100000 0 0 0x4000 rw
does - map 1 0x300000 0 0 0x4000 rw
does "$A" read 0 0x100000 0x4000
does "$X" read 0 0x300000 0x4000
mark 0
hw_stick 0
says 4096 - unmap 0 0x101000 0x1000
denied '' "$A" read 0 0x102000 64
does "$X" read 0 0x300000 0x4000
hw_unstick 0
says 4096 - unmap 1 0x303000 0x1000
does "$X" read 0 0x300000 0x3000
denied no- "$X" read 0 0x303000 64
denied '' "$A" read 0 0x101000 64
denied '' "$A" read 0 0x102000 64

# Now both streams are denied.
hw_stick 0
says 4096 - unmap 1 0x302000 0x1000
denied '' "$X" read 0 0x300000 64
denied '' "$A" read 0 0x102000 64
hw_unstick 0
does - map 0 0x200000 1 0 0x1000 rw
does "$A" read 0 0x102000 64
denied no- "$A" read 0 0x101000 64
denied '' "$X" read 0 0x300000 64
denied '' "$X" read 0 0x302000 64
does - map 1 0x400000 1 0 0x1000 rw
does "$X" read 0 0x300000 64
denied no- "$X" read 0 0x302000 64
sealed 0
does "$A" gdetach 0
does "$X" gdetach 1
does - free 0
does - free 1
drop_buffers
