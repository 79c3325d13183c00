# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# Functions for the QEMU boards, whose masters have stock drivers.

# The first digits of the addresses on the SoC's bus.
case $image in
*arm64*) virt_at=10 ;;
arm) virt_at=8 ;;
*) return 0 ;;
esac

# tidy STATUS: frees the mappings of the board's client, and maps the pages of masters' drivers that
# a story has unmapped. After a failed story, the masters it used are also unbound from their
# drivers: a fault may have locked them up.
tidy() {
	local _n _name _bus
	tidy_client
	for _n in 0 1 2 3 4 5 6 7; do
		client @ give $_n >/dev/null
	done
	[ "$1" != 0 ] || return 0
	for _name in dma0 dma1 mmc net0 net1 nvme; do
		_bus=$(virt_bus $_name)
		[ -e "$_bus/driver" ] || continue
		[ ! -r $DEBUGFS/dma-api/dump ] || find_all $_name .
		echo "${_bus##*/}" >"$_bus/driver/unbind"
	done
	for _name in /sys/class/net/eth*; do
		[ ! -e "$_name" ] || ip addr flush dev "${_name##*/}"
	done
}

# Creates the devices that were unplugged.
plug_all() { client @ plug >/dev/null; }

# mapped NAME TYPE: prints the pages that the master's driver has mapped, as recorded by dma-debug
mapped() {
	awk -v dev="$(virt_node "$1")" -v type="$2" \
		'$2 == dev && $3 ~ type { sub("D=", "", $7); print "0x" $7 }' $DEBUGFS/dma-api/dump
}

# find_all NAME TYPE: maps the lost pages again.
find_all() {
	node=$(virt_node "$1")
	for page in $(mapped "$1" "$2"); do
		client @ find "$node" "$page" >/dev/null
	done
}

# default_domains TYPE: gives all masters a default domain of this type, also if the driver of
# their IOMMU demands another one: see tools/board/default_domain.c.
default_domains() {
	local _name _bus _driver
	for _name in dma0 dma1 mmc net0 net1 nvme; do
		_bus=$(virt_bus $_name)
		[ -e "$_bus/iommu_group" ] || continue
		client @ any_domain "${_bus##*/}" || return
		_driver=
		[ ! -e "$_bus/driver" ] || _driver=$(readlink -f "$_bus/driver")
		[ -z "$_driver" ] || echo "${_bus##*/}" >"$_driver/unbind" || return
		echo "$1" >"$_bus/iommu_group/type" || return
		[ -z "$_driver" ] || echo "${_bus##*/}" >"$_driver/bind" || return
	done
}

# Prints the device of a master.
virt_node() {
	case $1 in
	dma0) echo ${virt_at}2000000.dma-controller ;;
	dma1) echo ${virt_at}2001000.dma-controller ;;
	mmc) echo ${virt_at}4020000.mmc ;;
	net0) echo ${virt_at}5020000.ethernet ;;
	net1) echo ${virt_at}5030000.ethernet ;;
	nvme) echo 0000:00:01.0 ;;
	esac
}

# The first of the test's own engines.
first_master() { master 1100000; }

# Checks a story's precondition: the master exists, and its accesses are translated.
behind() {
	local name
	for name; do
		wait_for "$name has its driver" 10 test -e "$(virt_bus "$name")/driver"
		# On 32-bit ARM the DMA API has domains of its own, beside the group's default domain.
		[ "$image" = arm ] || check "$name is translated" grep -q '^DMA' "$(virt_bus "$name")/iommu_group/type"
	done
}

# Prints the numbers by which the IOMMU knows a master: streams, or the clients of a Tegra.
virt_ports() {
	case $soc.$1 in
	t1[23]?.dma0 | t210.dma0) echo 29 30 59 60 ;;
	t1[23]?.dma1 | t210.dma1) echo 21 53 ;;
	t1[23]?.mmc | t210.mmc) echo 96 100 ;;
	t1[23]?.net0 | t210.net0) echo 74 75 ;;
	t1[23]?.net1 | t210.net1) echo 76 77 ;;
	t1[23]?.nvme | t210.nvme) echo 14 49 ;;
	*.dma0) echo 0 ;;
	*.dma1) echo 1 ;;
	*.mmc) echo 2 ;;
	*.net0) echo 3 ;;
	*.net1) echo 4 ;;
	*.nvme) echo 9 ;;
	esac
}

# Prints the number of a master's faults since the mark.
faults_of() {
	# shellcheck disable=SC2046 # a number each
	printf 'faulted_%s\n' $(virt_ports "$1") | awk 'NR == FNR { mine[$1]; next } $1 in mine { n += $2 } END { print n + 0 }' \
		- $B/iommu0/report
}

virt_bus() {
	local found
	found=$(echo /sys/bus/*/devices/"$(virt_node "$1")")
	echo "${found%% *}"
}

# Prints the name of a DMA engine's channel, whose number varies: virt_channel NAME N
virt_channel() { basename "$(echo "$(virt_bus "$1")"/dma/dma*chan"${2:-0}")"; }

# dmatest_run WHAT CHANNEL...: runs dmatest on these channels with its current parameters, and
# checks that each of its threads ends without a failure. Reading "wait" does not wait for a thread
# that has not started yet. So the run has ended when there is a summary for each thread.
dmatest_run() {
	local _what=$1 _dmatest=/sys/module/dmatest/parameters _before _channel
	shift
	_before=$(log_count 'dmatest: .*: summary ')
	for _channel; do
		echo "$_channel" >$_dmatest/channel
	done
	echo 1 >$_dmatest/run
	cat $_dmatest/wait >/dev/null
	wait_for "$_what: dmatest ends" 30 dmatest_ended $((_before + $#))
	equal "$_what: threads with a failure" "$(log_count 'dmatest: .*: summary [0-9]* tests, [1-9]')" 0
	echo 0 >$_dmatest/run
}
dmatest_ended() { [ "$(log_count 'dmatest: .*: summary ')" -ge "$1" ]; }

# Checks that no access was untranslated since the mark. Denied accesses do not matter.
sealed_off() {
	equal "accesses that went out untranslated" "$(report 0 passed)" 0
	equal "accesses through entries of a table that is not in force" "$(report 0 stale_table)" 0
}

# --- a disk ------------------------------------------------------------------

at=/tmp/disk

virt_disk() {
	case $1 in
	mmc) echo /dev/mmcblk0 ;;
	nvme) echo /dev/nvme0n1 ;;
	esac
}

# Makes a file system, writes to it, drops the page cache, and reads the data back:
# disk_round NAME MIB
disk_round() {
	local disk sum
	disk=$(virt_disk "$1")
	wait_for "$disk" 10 test -b "$disk"
	mkdir -p $at
	check "a file system is made" mke2fs -F "$disk"
	check "it is mounted" mount -t ext2 "$disk" $at
	dd if=/dev/urandom of=/tmp/written bs=1048576 count="$2" 2>/dev/null
	sum=$(sha256sum </tmp/written)
	check "a file of $2 MiB is written" cp /tmp/written $at/file
	check "it is unmounted" umount $at
	echo 3 >/proc/sys/vm/drop_caches
	check "it is mounted again" mount -t ext2 "$disk" $at
	equal "what is read back" "$(sha256sum <$at/file)" "$sum"
	check "it is unmounted at the end" umount $at
	rm /tmp/written
}

# --- a network ---------------------------------------------------------------

here=10.0.0.1
there=10.0.0.2
peer=

differs() { [ "$(readlink "$1")" != "$(readlink "$2")" ]; }
at_peer() { nsenter -t "$peer" -n "$@"; }
at_home() { "$@"; }
listening() { $1 cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ':1388 .* 0A '; }

# Puts the second card, at the other end of the wire, into its own network namespace.
net_up() {
	card=$(ls "$(virt_bus net0)/net")
	other=$(ls "$(virt_bus net1)/net")
	unshare -n sleep 3600 &
	peer=$!
	wait_for "the peer has a network of its own" 5 differs /proc/self/ns/net "/proc/$peer/ns/net"
	check "a card moves there" ip link set "$other" netns "$peer"
	check "an address here" ip addr add $here/24 dev "$card"
	check "it is up" ip link set "$card" up
	check "an address there" at_peer ip addr add $there/24 dev "$other"
	check "it is up there" at_peer ip link set "$other" up
	wait_for "ping" 20 ping -c 1 -W 10 $there
}

# Whether the peer's connections are closed: the others are in TIME_WAIT or listen. One whose last
# packets are lost keeps the network namespace for a minute.
closed() { [ -z "$(at_peer cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 ~ /^[0-9A-F]{2}$/ && $4 != "06" && $4 != "0A"')" ]; }

net_down() {
	[ -n "$peer" ] || return 0
	wait_for "the peer's connections are closed" 20 closed
	ip link set "$card" down
	ip addr flush dev "$card"
	kill "$peer"
	wait "$peer" 2>/dev/null
	peer=
	# When its namespace is deleted, the card returns to the first one.
	wait_for "the other card is back" 10 test -e "/sys/class/net/$other"
}

# net_send FROM TO ADDRESS MIB: sends from at_home or at_peer to the other, which requests it
net_send() {
	local server
	mkdir -p /tmp/sent
	dd if=/dev/urandom of=/tmp/sent/file bs=1048576 count="$4" 2>/dev/null
	$1 httpd -f -p 5000 -h /tmp/sent &
	server=$!
	wait_for "somebody listens" 5 listening "$1"
	check "a transfer from $3" "$2" wget -q -O /tmp/received "http://$3:5000/file"
	killall httpd
	wait $server 2>/dev/null
	equal "what arrives from $3" "$(sha256sum </tmp/received)" "$(sha256sum </tmp/sent/file)"
	rm -r /tmp/sent /tmp/received
}
