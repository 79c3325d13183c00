# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# All addresses are mapped and unmapped by one call each. Afterwards no page can be reached.

begin
does - buf 0 1
page=$(client - bphys 0 0)
does - mapp 0 0 0 0x100000000 r
does "$M" read 0 "$page" 64
mark 0
says 4294967296 - unmap 0 0 0x100000000
denied no- "$M" read 0 "$page" 64
sealed 0
finish
