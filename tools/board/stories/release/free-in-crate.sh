# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The function that frees a domain is in the crate, which is never unloaded, and not in
# the driver, which may be unloaded before it returns. In the story, a domain has the
# last reference to the driver. One CPU frees it while the other one repeats rmmod.
# free-in-crate:ROUNDS

rounds=${1:-50}
two_cpus
loaded "$driver_module" || load_driver

check "a master comes" overlay_apply codec
wait_for "the master" 5 usable_at 1c0e000
M=$(master 1c0e000)
does "$M" alloc 0
does "$M" slots 0
note "$client_said"
slots=$(echo "$client_said" | awk '{ for (i = 1; i < NF; i++) if ($i ~ /^(paging|default|identity|blocked|release)$/) n++; print n }')
inside=$(echo "$client_said" | grep -o 'free[^ ]* \[rust_iommu\]' | wc -l)
none=$(echo "$client_said" | grep -Eo '(identity|blocked|release) \(?(0x0|null|0)' | wc -l)
equal "slots" "$slots" 5
equal "slots in the crate" "$inside" 2
equal "static domains without one" "$none" 3
refute "slots in the driver" log_has "$driver_module"
case $client_said in *"[$driver_module]"*) fail "a slot lies in the driver" ;; esac

# rmmod fails while there is a master, and while there is a domain without masters.
rmmod "$driver_module" 2>/tmp/why && fail "removed with a master"
note "with a master: $(cat /tmp/why)"
check "overlay" overlay_remove all
check "the master is gone" gone 1c0e000
rmmod "$driver_module" 2>/tmp/why && fail "removed with a domain"
note "with a domain: $(cat /tmp/why)"
check "it says that it is in use" grep -Eq 'busy|temporarily' /tmp/why
does - free 0

round=0 refused=0
while [ $round -lt "$rounds" ]; do
	loaded "$driver_module" || load_driver
	check "a master comes" overlay_apply codec
	wait_for "the master" 5 usable_at 1c0e000
	does "$M" alloc 0
	does - buf 0 4
	does - map 0 0x1000 0 0 0x4000 rw
	check "the master goes" overlay_remove all
	rm -f /tmp/tries
	(
		pin 1
		tries=0
		until rmmod "$driver_module" 2>/dev/null; do
			tries=$((tries + 1))
			[ $tries -lt 20000 ] || break
			echo $tries >/tmp/tries
		done
	) &
	other=$!
	pin 0
	wait_for "a try" 5 test -s /tmp/tries
	# The removal must not complete before the end of free.
	usleep $((round % 10 * 1000))
	does - free 0
	wait $other
	read -r tries </tmp/tries
	refused=$((refused + tries))
	refute "the driver is gone" loaded "$driver_module"
	does - bfree 0
	round=$((round + 1))
done
pin 0
read -r _self _ </proc/self/stat
taskset -p 3 "$_self" >/dev/null
note "$rounds rounds, $refused removals refused while the domain was there"
check "removals were tried while the domain was there" test $refused -ge "$rounds"
record free_in_crate_rounds "$rounds"
record free_in_crate_refused "$refused"
check "the driver comes again" load_driver
