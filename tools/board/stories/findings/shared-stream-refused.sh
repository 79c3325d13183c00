# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Two masters share a stream, and the second has a further stream of its own. A third
# master has its own stream, at the same DART.
. /stories/lib/findings.sh
finding 34
translated_at() { usable_at "$1" && echo yes || echo no; }
arrives usable_at 2002000
show "the DART has its driver" "$(bound "$(first_instance)" && echo yes || echo no)" no yes
show "the second is behind it" "$(translated_at 2001000)" no yes
show "so is the third" "$(translated_at 2002000)" no yes
shown
