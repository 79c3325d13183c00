# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The kernel's own tests of its page tables have run, and passed.  Those of LPAE
# are a KUnit suite, in a module that the boot loads; those of ARMv7s ran before.

logged() { dmesg | grep -Eq -- "$1"; }

check "the suite of LPAE passed" logged '\] ok [0-9]+ io-pgtable-arm-test$'
# The suite also passes if it could allocate no tables to test; only the counts show that.
check "it passed for every size of address and page" \
	logged '# arm_lpae_do_selftests: completed with [1-9][0-9]* PASS 0 FAIL$'

check "the self-test of ARMv7s passed" logged '\] arm-v7s io-pgtable: self test ok$'
refute "a self-test of page tables failed" logged 'selftest: (test failed|failed to allocate)'
