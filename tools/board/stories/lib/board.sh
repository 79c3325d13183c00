# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox disable=SC2034 # what stories and the libraries of the kinds use
# Functions by which stories use the board and the test client.

B=$DEBUGFS/board
C=$DEBUGFS/board_client
soc=${devicetree:-}
soc=${soc%%-*}
# The address of the first instance. The further ones are at 30e0000, 30d0000 and 30c0000.
hw_first_instance=30f0000
# The overlay with another instance, which has a phandle.
hw_named=instance-named
# Whether the hardware supports only the identity and the blocked domain in this kernel.
hw_passes_only=false
# Whether its tables have to be mapped for DMA, and whether a page may be mapped twice without a
# warning.
hw_maps_tables=true
hw_bears_misuse=true
# Whether the ports of removed masters stay denied without a driver, and ports pass that no node names.
hw_keeps_denying=false
# Whether no access is denied while one domain replaces another.
hw_switches_at_once=false
# Whether the driver of an IOMMU handles its faults.
hw_reports_faults=true
# The counts that the driver leaves changed, which no story checks.
hw_leaves=
# Whether the driver frees tables at all.
hw_frees_tables=true
# Empty tables stay until the domain is freed. Whether they are pages, which the oracle counts.
hw_keeps_tables=false
# The bytes that a table maps.
hw_table_span=0x100000
# The cause of a denial in the blocked domain.
hw_denial=permission

# --- the test client -------------------------------------------------------

# Runs a command of the client: client DEV COMMAND...; DEV "-" is the client without a
# device, and "@" stands for the commands that the arm64 board has for stock masters. Prints
# the command's output; true if its errno is 0.
client() {
	case $1 in
	-) _files=$C ;;
	@) _files=$DEBUGFS/board_masters ;;
	*) _files=$C/$1 ;;
	esac
	shift
	client_errno=none client_said=
	echo "$*" >"$_files/cmd" || return 1
	read -r client_errno client_said <"$_files/result"
	[ -n "$client_said" ] && echo "$client_said"
	[ "$client_errno" = 0 ]
}

# Run a command and check its result, each with DEV COMMAND...: does (it succeeds),
# says TEXT (its output), refuses (any error), fails ERRNO, denied CAUSE (the access
# faults).
does() {
	counted
	client "$@" >/dev/null || fail "$*: $client_errno $client_said"
}

says() {
	local want=$1
	shift
	does "$@"
	[ "$client_said" = "$want" ] || fail "$*: '$client_said', expected '$want'"
}

fails() {
	local want=$1
	shift
	counted
	client "$@" >/dev/null
	[ "$client_errno" = "$want" ] || fail "$*: $client_errno $client_said, expected $want"
}

refuses() {
	counted
	client "$@" >/dev/null && fail "$* succeeded: $client_said"
	[ "$client_errno" != none ] || fail "$*: there is no such device"
}

denied() {
	local want=$1
	shift
	fails -14 "$@"
	case $client_said in
	"$want"*) ;;
	*) fail "$*: denied by '$client_said', expected $want" ;;
	esac
}

# Prints the word after NAME in the output of the last command: said errors
said() { echo "$client_said" | awk -v n="$1" '{ for (i = 1; i < NF; i++) if ($i == n) print $(i + 1) }'; }

# Conditions for wait_for. copies DEV PASSES: the device's load has made more than so
# many passes. denied_load DEV: the load has had errors.
copies() { client "$1" load stat >/dev/null && [ "$(said passes)" -gt "$2" ]; }
denied_load() { client "$1" load stat >/dev/null && [ "$(said errors)" -gt 0 ]; }

# --- devices ---------------------------------------------------------------

# Print the name of the master, or of the instance, with this address in its node, or
# nothing if there is no such device.
master() { awk -v a="0*[18]?0*$1[.]" '$1 == "master" && $2 ~ "^" a { print $2; exit }' "$B/devices"; }
instance() { awk -v a="@$1" '$1 == "iommu" && $NF ~ a "$" { print $2; exit }' "$B/devices"; }
first_instance() { instance "$hw_first_instance"; }
driver_of() { awk -v d="$1" '$2 == d { print $4 }' "$B/devices"; }
# These start no process, because stories call them often and a process is slow in debug images.
has_group() { [ -n "$1" ] && [ -e "/sys/bus/platform/devices/$1/iommu_group" ]; }
bound() { [ -n "$1" ] && [ -e "/sys/bus/platform/devices/$1/driver" ]; }

# Print all masters, and the first one of a base devicetree.
masters() { awk '$1 == "master" { print $2 }' "$B/devices"; }
first_master() { masters | head -n 1; }

usable() { [ -d "$C/$1" ] && has_group "$1"; }
usable_at() { usable "$(master "$1")"; }
bound_at() { bound "$(master "$1")"; }
gone() { [ -z "$(master "$1")$(instance "$1")" ]; }
translated() { wait_for "$1 is behind its IOMMU" 5 usable "$1"; }

# Sets M to the first master, and other to another one of its group.
two_of_a_group() {
	M=$(first_master) other=
	translated "$M"
	for _dev in $(masters); do
		translated "$_dev"
		[ "$_dev" = "$M" ] || [ "$(client "$_dev" group)" != "$(client "$M" group)" ] || other=$_dev
	done
	check "two masters" test -n "$other"
}

# begin [DEV]: attaches M, the master of the story, to domain 0. finish returns it to
# the default domain and frees the client's domain and buffers.
begin() {
	M=${1:-$(first_master)}
	translated "$M"
	does "$M" alloc 0
	does "$M" attach 0
}

finish() {
	does "$M" detach 0
	does - free 0
	drop_buffers
}

drop_buffers() {
	local b
	for b in 0 1 2 3 4 5 6 7; do
		client - bfree $b >/dev/null || :
	done
}

# Prints the board's wiring, a line for each engine as it would be written: wires [PREFIX]
wires() {
	local engine iommu port
	[ ! -e "$B/wiring" ] || while read -r engine _ iommu port; do
		echo "${1:-}${engine#engine} ${iommu#iommu} ${port#master }"
	done <"$B/wiring"
}

# Prints the wiring of the board and the domains of the masters, see world.
client_state() {
	local dev
	wires "wire "
	for dev in "$C"/*/; do
		[ -d "$dev" ] || continue
		dev=${dev%/}
		client "${dev##*/}" domain >/dev/null
		echo "domain ${dev##*/} $client_said"
	done
}

# Stops the masters and frees the client's domains and buffers. With the C driver of sun50i, a
# domain that was attached must not be freed, and a master of it must not be removed.
tidy() { tidy_client; }
tidy_client() {
	local dev d
	[ -d "$C" ] || return 0
	[ ! -e "$B/lose_in_sleep" ] || echo 0 >"$B/lose_in_sleep"
	[ ! -e /sys/power/pm_test ] || echo none >/sys/power/pm_test
	for dev in "$C"/*/; do
		dev=${dev%/}
		dev=${dev##*/}
		[ -d "$C/$dev" ] || continue
		client "$dev" load stop >/dev/null || :
		[ "$driver" != c ] || continue
		client "$dev" domain >/dev/null || :
		case $client_said in
		"paging "*) client "$dev" gdetach "${client_said#paging }" >/dev/null || : ;;
		blocked) client "$dev" unblock >/dev/null || : ;;
		esac
	done
	drop_buffers
	[ "$driver" != c ] || return 0
	for d in 0 1 2; do
		client - free $d >/dev/null || :
	done
	[ ! -e "$B/overlay/remove" ] || overlay_remove all
}

# works DEV: checks that the master copies, through its own paging domain, or in the
# identity domain if the IOMMU supports no other.
works() {
	M=$1
	buffers 4
	if $hw_passes_only; then
		says identity "$M" domain
		does "$M" copy 0 "$(client - bphys 0 0)" "$(client - bphys 1 0)" 0x4000
	else
		does "$M" alloc 0
		does "$M" attach 0
		does - map 0 0x1000 0 0 0x4000 r
		does - map 0 0x100000 1 0 0x4000 w
		does "$M" copy 0 0x1000 0x100000 0x4000
		does "$M" detach 0
		does - free 0
	fi
	does - cmp 0 0 0x4000 1 0
	drop_buffers
}

# buffers PAGES [scatter]: allocates buffer 0, with a pattern, and buffer 1
buffers() {
	does - buf 0 "$@"
	does - buf 1 "$@"
	does - pattern 0 7
}

# put_word BUFFER OFFSET WORD: writes a word to a buffer, by the CPU
put_word() {
	for _i in 0 1 2 3; do
		does - set "$1" $(($2 + _i)) 1 $((($3 >> 8 * _i) & 255))
	done
}

# hex NUMBER: prints it in the format of commands and of the log
hex() { printf '0x%x' "$1"; }

# Sets further registers of an instance as a boot loader may leave them: hw_leave_more IOMMU
hw_leave_more() { :; }

# --- the board -------------------------------------------------------------

# Prints the port, in the board's wiring, of a stream of the devicetree. Whether the log of the model
# has the same number.
hw_port() { echo "$1"; }
hw_logs_ports=true

# Print one number: counter IOMMU NAME (counters), report IOMMU NAME (access log),
# reg IOMMU OFFSET, board_stat NAME, count NAME. Set one: knob IOMMU NAME VALUE.
counter() { awk -v n="$2" '$1 == n { print $2 }' "$B/iommu$1/counters"; }
report() { awk -v n="$2" '$1 == n { print $2 }' "$B/iommu$1/report"; }
reg() { awk -v n="$2" '$1 == n { print $2 }' "$B/iommu$1/regs"; }
board_stat() { awk -v n="$1" '$1 == n { print $2 }' "$B/stats"; }
count() { awk -v n="$1" '$1 == n { print $2 }' "$B/counts"; }
knob() { echo "$2 $3" >"$B/iommu$1/knobs"; }
mark() { echo "${2:-1}" >"$B/iommu$1/mark"; strays=$(strays); }
# Only the UML board counts strays: DMA to memory that was not allowed.
strays() { [ ! -r "$B/stats" ] || awk '$1 == "stray_reads" { r = $2 } $1 == "stray_writes" { w = $2 } END { print r "." w }' "$B/stats"; }
poke() { echo "$1 $2" >"$B/poke"; }

# Checks that since the mark no access of any master was untranslated, used an entry of
# a table that was not in use, or was a stray.
sealed() {
	local passed stale now
	read -r passed stale now <<-EOF
	$(awk 'BEGIN { v["passed"] = v["stale_table"] = "none" }
		{ v[$1] = $2 }
		END { print v["passed"], v["stale_table"], v["stray_reads"] "." v["stray_writes"] }' "$B/iommu$1/report" "$B/stats")
	EOF
	equal "iommu$1: untranslated accesses" "$passed" 0
	equal "iommu$1: accesses through a mixture of tables" "$stale" 0
	equal "strays" "$now" "$strays"
}

# overlay_apply NAME, overlay_remove [ID|last|all]; NAME without the SoC
overlay_apply() { cat "/overlays/$soc-$1.dtbo" >"$B/overlay/apply"; }
overlay_remove() { echo "${1:-last}" >"$B/overlay/remove"; }

# adopt INSTANCE MASTER: applies two overlays, the second with a master of the
# instance in the first one; sets adopter to the number of the first overlay.
# Phandle 1 of an overlay becomes the highest phandle of the tree plus 1.
adopt() {
	local top
	top=$(find /proc/device-tree/ -name phandle -exec cat '{}' + | xxd -p -c 4 | sort | tail -n 1)
	overlay_apply "$1" || return
	adopter=$(cat "$B/overlay/last")
	xxd -p "/overlays/$soc-$2.dtbo" | tr -d '\n' |
		sed "s/facefeed/$(printf %08x $((0x$top + 2)))/" | xxd -r -p >/tmp/adopted
	cat /tmp/adopted >"$B/overlay/apply"
}

loaded() { grep -q "^$1 " /proc/modules; }

# Prints a pattern of a fault's line in the log of our drivers: fault_line DEV IOVA
fault_line() { printf '%s \\(stream [0-9]+\\): .* of 0x%08x' "$1" "$2"; }
