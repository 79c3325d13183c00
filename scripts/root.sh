# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Debian build roots in the cache.

# bootstrap ROOT PACKAGES: makes a root, as root or as any other user.
bootstrap() {
	local mirror mode=unshare

	[ "$(id -u)" != 0 ] || mode=root
	mirror=$(debian_mirror)
	mmdebstrap --mode=$mode --variant=minbase --keyring="$DEBIAN_KEYRING" \
		--include="$2" --format=tar \
		"$TOOLCHAIN_SUITE" "$1.tar" "$mirror" &&
		tar -x --no-same-owner --exclude='./dev/*' -C "$1" -f "$1.tar" &&
		rm "$1.tar"
}

# with_newest ROOT PACKAGES: makes a root without the compilers, and installs those of
# NEWEST_SUITE. LLVM's tools have a number in their names there.
with_newest() {
	local root=$1 packages=",$2," package llvm mirror compilers=()

	for package in $NEWEST_PACKAGES $NEWEST_LLVM; do
		packages=${packages//,$package,/,}
	done
	packages=${packages#,}
	bootstrap "$root" "${packages%,}" || return
	mirror=$(debian_mirror)
	echo "deb $mirror $NEWEST_SUITE main" >"$root/etc/apt/sources.list.d/newest.list"
	in_root "$root" apt-get -q -o APT::Sandbox::User=root update || return
	# Not the highest version of all suites: trixie has libclang 22 as well, with which
	# bindgen 0.71 has a bug.
	# shellcheck disable=SC2046
	llvm=$(in_root "$root" apt-cache madison $(in_root "$root" apt-cache pkgnames clang- | grep -x 'clang-[0-9]*') |
		awk -v "suite= $NEWEST_SUITE/" 'index($0, suite) { sub("clang-", "", $1); print $1 }' | sort -n | tail -n 1)
	[ -n "$llvm" ] || return
	for package in $NEWEST_LLVM; do
		case $package in
		*-dev) compilers+=("${package%-dev}-$llvm-dev") ;;
		*) compilers+=("$package-$llvm") ;;
		esac
	done
	# shellcheck disable=SC2086
	in_root "$root" apt-get -q -o APT::Sandbox::User=root install -y --no-install-recommends -t "$NEWEST_SUITE" $NEWEST_PACKAGES "${compilers[@]}" || return
	in_root "$root" bash -c "cd /usr/bin && ln -sf ../lib/llvm-$llvm/bin/* ." || return
	rm -rf "$root"/var/cache/apt/archives/*.deb
}

# in_root ROOT COMMAND...: runs a command as root in a root, to change its packages.
in_root() {
	local root=$1 user=()
	shift

	[ "$(id -u)" = 0 ] || user=(--unshare-user --uid 0 --gid 0)
	bwrap --die-with-parent --clearenv "${user[@]}" --cap-add ALL --bind "$root" / --dev-bind /dev /dev --proc /proc --tmpfs /tmp \
		--ro-bind-try /etc/resolv.conf /etc/resolv.conf --setenv PATH /usr/sbin:/usr/bin:/sbin:/bin \
		--setenv DEBIAN_FRONTEND noninteractive --setenv LC_ALL C.UTF-8 "$@" </dev/null
}

# Prints Debian's packages that the host lacks to make a root.
packages_to_make_root() {
	local missing=()

	command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
	command -v bwrap >/dev/null || missing+=(bubblewrap)
	[ -f "$DEBIAN_KEYRING" ] || missing+=(debian-archive-keyring)
	[ "$(id -u)" = 0 ] || command -v newuidmap >/dev/null || missing+=(uidmap)
	echo "${missing[*]}"
}

# install_packages PACKAGE...: installs Debian's packages on the host, as root.
install_packages() {
	export DEBIAN_FRONTEND=noninteractive
	step "package lists of the host" apt-update "check the network and /etc/apt/sources.list" apt-get update
	step "host packages: $*" apt-install "run: apt-get install $*" apt-get install -y --no-install-recommends "$@"
}

# root_of NAME PACKAGES: prints the path of the root with these packages; it need not exist.
root_of() {
	echo "$CACHE/$1-$(printf '%s' "$TOOLCHAIN_SUITE ${2//[[:space:]]/ }" | tr -s ' ' | key)"
}

# fill_root bootstrap|with_newest PACKAGES TOOLS ROOT: makes a root with packages that have these tools.
fill_root() {
	local tool

	$1 "$4" "$2" || return
	for tool in $3; do
		[ -e "$4/usr/bin/$tool" ] || { echo "the build root has no $tool"; return 1; }
	done
}

# make_root WHAT LOG ROOT PACKAGES TOOL...: makes a root, unless it is there. NEWEST=y: with the newest
# compilers.
make_root() {
	local what=$1 log=$2 root=$3 packages=${4//[[:space:]]/,} builder=bootstrap missing
	shift 4

	[ ! -f "$root/.complete" ] || return 0
	missing=$(packages_to_make_root)
	if [ -n "$missing" ]; then
		[ "$(id -u)" = 0 ] || die "packages are missing; as root, run this and come back:" "apt-get install $missing"
		# shellcheck disable=SC2086
		install_packages $missing
	fi
	[ -z "${NEWEST:-}" ] || builder=with_newest
	need_space 2500 "the build root"
	make_dir "$root" "$what: Debian $TOOLCHAIN_SUITE build root" "$log" \
		"check the network and the disk; DEBIAN_MIRROR= names another mirror; then run the command again" \
		fill_root $builder "$(tr -s , <<<"$packages")" "$*"
}

# root_versions ROOT REGEX: prints a hash of the versions of its packages with these names. An update of
# the suite changes it.
root_versions() {
	awk -v "names=$2" '$0 ~ "^Package: (" names ")$" { p = $2 } /^Version: / && p { print p, $2; p = "" }' \
		"$1/var/lib/dpkg/status" | sort | key
}
