# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Registers do not keep the values written to them, as at a wrong address: the probe of the DART
# fails with one line in the log, and no master is put behind it. deaf:stream: only the TCR of one
# stream does not, which a boot loader has left open.

oracle_ignore '^slab_ours'
I=$(first_instance)
if [ "$1" = stream ]; then
	# Stream 3: hw_tcr is the register of stream 1. A boot loader would have set its tables.
	oracle_ignore _misuse_translation_without_ttbr
	poke "$(hw_base 0 $((hw_tcr + 2 * 4)))" $hw_on
	knob 0 deaf_stream 4
else
	knob 0 deaf 1
fi
check "the driver is loaded" load_driver
refute "the instance is bound" bound "$I"
check "a line says it" log_has "$I: registers do not hold what is written"
log_since | grep -F "$I: " | grep -v 'probe with driver' >/tmp/lines
equal "lines" "$(wc -l </tmp/lines)" 1
refute "the master is behind it" has_group "$(first_master)"
unload_driver
knob 0 deaf 0
knob 0 deaf_stream 0
