# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Functions that all shell scripts share: paths, progress lines, failures, locks.

set -euo pipefail

# Settings of a surrounding kernel build or make must not reach our scripts.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES KBUILD_OUTPUT CDPATH
export LC_ALL=C.UTF-8

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=scripts/pins
. "$TOP/scripts/pins"

OUT=$TOP/out
LOGS=$OUT/logs
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/rust-iommu
LLVM=${LLVM:-1}
JOBS=${JOBS:-$(nproc)}

# die WHAT [REMEDY...]: prints a failure and its remedies, and ends the script.
die() {
	printf '\nfailed: %s\n' "$1" >&2
	shift
	for line; do
		printf '  %s\n' "$line" >&2
	done
	exit 1
}

say() {
	printf '%s\n' "$*"
}

case $TOP:$CACHE in
*[[:space:]%]* | *:*:*)
	die "the kernel's build takes no path with spaces, colons or percent signs: $TOP, $CACHE" \
		"move the checkout, or name another place for the cache: XDG_CACHE_HOME=DIR"
	;;
esac

for place in "$LOGS" "$CACHE"; do
	mkdir -p "$place" 2>/dev/null && [ -w "$place" ] ||
		die "nothing can be written to $place" "see its permissions and the space on its disk"
done
CACHE=$(cd "$CACHE" && pwd -P)

interrupted() {
	[ -z "${step_ticker:-}" ] || kill "$step_ticker" 2>/dev/null || true
	printf '\ninterrupted; the next run goes on from here\n' >&2
	exit 130
}
trap interrupted INT TERM

# free_mb PATH: the free space on its disk.
free_mb() {
	echo $(($(df --output=avail -k "$1" | tail -n 1) / 1024))
}

disk_of() {
	df --output=target "$1" | tail -n 1
}

# need_space MB WHAT: fails now if the disk has too little space for a later step.
need_space() {
	local free

	free=$(free_mb "$CACHE")
	[ "$free" -ge "$1" ] ||
		die "no space: $2 takes $1 MB, and the disk at $(disk_of "$CACHE") has $free MB free ($CACHE)" \
			"make room there, or name another place for the cache: XDG_CACHE_HOME=DIR"
}

# discard DIR...: removes directories, but nothing that is mounted there.
discard() {
	rm -rf --one-file-system "$@"
}

# Prints the Debian archive to fetch from: DEBIAN_MIRROR, or the one that the host's
# own apt uses.
debian_mirror() {
	local mirror=$DEBIAN_MIRROR

	if [ -z "$mirror" ]; then
		mirror=$(apt-cache policy 2>/dev/null |
			awk '$2 ~ /^[a-z+]+:.*\/debian\/?$/ { sub(/\/$/, "", $2); print $2; exit }' || true)
	fi
	[ -n "$mirror" ] ||
		die "no Debian archive is known to this host's apt" "name one: DEBIAN_MIRROR=URL"
	printf '%s\n' "$mirror"
}

# done_line STATUS WHAT SECONDS
done_line() {
	printf '  %-6s %-52s %6s s\n' "$1" "$2" "$3"
}

seconds_since() {
	local now=${EPOCHREALTIME/[.,]/} start=$1
	local tenths=$(((now - start) / 100000))

	printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# Shows the progress of a long step: each second on a terminal, else every 30 s.
ticker() {
	local what=$1 start=$2 owner=$3 n=0 fd

	# The ticker may outlive the run by a moment, and must not hold its locks.
	for fd in "${lock_fds[@]}"; do
		exec {fd}>&-
	done
	# The sleep may outlive the ticker, and must not keep a pipe of the caller open.
	while sleep 1 >/dev/null 2>&1 && kill -0 "$owner" 2>/dev/null; do
		n=$((n + 1))
		if [ -t 1 ]; then
			printf '\r  %-6s %-52s %6d s ' ... "$what" "$n"
		elif [ $((n % 30)) = 0 ]; then
			done_line ... "$what" "$(seconds_since "$start")"
		fi
	done
}

# run_step WHAT LOG CMD...: runs a command with its output in a log, and prints one line;
# returns its status.
run_step() {
	local what=$1 log=$LOGS/$2.log start=${EPOCHREALTIME/[.,]/} status=ok rc=0
	shift 2

	ticker "$what" "$start" $$ &
	step_ticker=$!
	# The log of an earlier run may belong to another user.
	rm -f "$log"
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	kill "$step_ticker" 2>/dev/null || true
	wait "$step_ticker" 2>/dev/null || true
	[ ! -t 1 ] || printf '\r\033[K'
	[ "$rc" = 0 ] || status=FAILED
	done_line $status "$what" "$(seconds_since "$start")"
	return "$rc"
}

# step WHAT LOG REMEDY CMD...: runs a step.  If the command fails, it prints the end of the log,
# the path of the log and the remedy, and ends the script.
step() {
	local what=$1 log=$LOGS/$2.log remedy=$3 rc=0 place

	run_step "$what" "$2" "${@:4}" || rc=$?
	[ "$rc" != 0 ] || return 0
	for place in "$CACHE" "$OUT"; do
		if [ "$(free_mb "$place")" -lt 20 ] ||
			{ [ "$(free_mb "$place")" -lt 500 ] && grep -qs 'No space left on device' "$log"; }; then
			die "$what: the disk at $(disk_of "$place") is full ($place)" \
				"make room there and run the command again; log: $log"
		fi
	done
	{
		printf '\nfailed: %s (exit status %d).  The last lines of its log:\n\n' "$what" "$rc"
		tail -n 20 "$log" | sed 's/^/    /'
		printf '\n  log:        %s\n  what to do: %s\n' "$log" "$remedy"
	} >&2
	exit "$rc"
}

# lock NAME [FILE]: takes a lock, so that two runs do not build the same thing at
# once.  It is held until the script has exited, and a child that outlives it.
lock_fds=()
lock() {
	local fd file=${2:-$CACHE/.lock-$1}

	exec {fd}>"$file" || die "the lock $file cannot be made" "see its permissions and the space on its disk"
	lock_fds+=("$fd")
	if ! flock -n "$fd"; then
		say "  waiting for another run that is at work on $1"
		flock "$fd"
	fi
}

# ready DIR LOCK: whether a directory of the cache is complete. If it is not, it takes the lock, and
# looks again.
ready() {
	[ -f "$1/.complete" ] || { lock "$2" && [ -f "$1/.complete" ]; }
}

# make_dir DIR WHAT LOG REMEDY CMD...: makes a directory of the cache by a step. The last argument of its
# command is the place to fill, which gets the name DIR when it is complete.
make_dir() {
	local dir=$1 tmp=$CACHE/tmp.${1##*/}.$$

	discard "$CACHE/tmp.${dir##*/}".*
	mkdir "$tmp"
	step "$2" "$3" "$4" "${@:5}" "$tmp"
	touch "$tmp/.complete"
	discard "$dir"
	mv "$tmp" "$dir"
}

# Prints a short hash of standard input.
key() {
	sha256sum | cut -c1-12
}

# version_at_least HAVE WANT
version_at_least() {
	[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Reads the record of setup-toolchain: TOOLCHAIN_KIND (host or root),
# TOOLCHAIN_ROOT and TOOLCHAIN_ID. TOOLCHAIN_FOR= names an image with a toolchain
# of its own, which another script has recorded.
load_toolchain() {
	local by=${TOOLCHAIN_FOR:+build-kernel $TOOLCHAIN_FOR}
	local file=$OUT/${TOOLCHAIN_FOR:+$TOOLCHAIN_FOR/}toolchain

	by=${by:-setup-toolchain}
	[ -f "$file" ] || die "no toolchain is set up" "run scripts/$by"
	# shellcheck disable=SC1090
	. "$file"
	[ "$TOOLCHAIN_KIND" = host ] || [ -f "$TOOLCHAIN_ROOT/.complete" ] ||
		die "the build root $TOOLCHAIN_ROOT is gone" "run scripts/$by"
}

# Selects the toolchain of an image: Debian's kernels have one of their own.
toolchain_for() {
	case $1 in
	debian-*) export TOOLCHAIN_FOR=$1 ;;
	esac
}

# record FILE LINE...: atomically writes a file of out/, which other scripts read.
record() {
	local file=$OUT/$1
	shift
	{ printf '%s\n' "$@" >"$file.tmp" && mv "$file.tmp" "$file"; } 2>/dev/null ||
		die "$file cannot be written" "see the space on the disk at $(disk_of "$OUT")"
}

# own_file VARIABLE RECORD NAME: if the user names a file by a variable, records it as NAME, and ends
# the script.
own_file() {
	[ -n "${!1:-}" ] || return 0
	[ -f "${!1}" ] || die "$1=${!1}: there is no such file"
	record "$2" "$3=$(realpath "${!1}")"
	done_line ok "$2: ${!1}" 0.0
	exit
}

# Prints the kernel build that overrides that of an image: KDIR= for the release
# image, KDIR_<image> (with _ for -) for any.
kernel_override() {
	local var=KDIR_${1//-/_}

	if [ -n "${!var:-}" ]; then
		printf '%s' "${!var}"
	elif [ "$1" = release ]; then
		printf '%s' "${KDIR:-}"
	fi
}

# image_row IMAGE: prints its architecture and its fragments, from the table of images.
image_row() {
	awk -v image="$1" '$1 == image { $1 = ""; print; found = 1 } END { exit !found }' "$TOP/tools/board/images" ||
		die "no image is called '$1'" "there are: $(awk '!/^#/ { printf "%s ", $1 }' "$TOP/tools/board/images")"
}

# has_signature MODULE: whether it ends with the line that scripts/sign-file appends.
has_signature() {
	[ "$(tail -c 28 "$1" | tr -d '\0\n')" = "~Module signature appended~" ]
}

# Prints the arguments of make for a configured kernel build, one a line.
kernel_make_args() {
	local config=$1/.config cc

	if grep -q '^CONFIG_UML=y' "$config"; then
		echo ARCH=um
	elif grep -q '^CONFIG_ARM64=y' "$config"; then
		echo ARCH=arm64
		[ "$(uname -m)" = aarch64 ] || grep -q '^CONFIG_CC_IS_CLANG=y' "$config" ||
			echo "CROSS_COMPILE=${CROSS_COMPILE:-aarch64-linux-gnu-}"
		# Debian's kernels are configured with a compiler that has its version in its name.
		cc=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*-gcc-[0-9]*\) .*/\1/p' "$config")
		[ -z "$cc" ] || echo "CC=$cc"
	elif grep -q '^CONFIG_ARM=y' "$config"; then
		echo ARCH=arm
		grep -q '^CONFIG_CC_IS_CLANG=y' "$config" || echo "CROSS_COMPILE=${CROSS_COMPILE:-arm-linux-gnueabihf-}"
	elif [ -n "${ARCH:-}" ]; then
		echo "ARCH=$ARCH"
	fi
	if grep -q '^CONFIG_CC_IS_CLANG=y' "$config"; then
		echo "LLVM=$LLVM"
	fi
}
