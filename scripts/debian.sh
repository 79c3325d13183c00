# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Functions that fetch packages of Debian's archive into the cache. apt verifies lists
# and packages with the archive's keys. Nothing is installed, and the host's own apt
# configuration is not changed.

# debian_suite NAME SUITE [ARCHITECTURE] [deb-src]: makes private_apt use that suite,
# with its lists in the cache's folder NAME.
debian_suite() {
	local mirror

	apt=$CACHE/$1
	apt_arch=${3:-amd64}
	mkdir -p "$apt"/{lists/partial,cache/archives/partial,trusted}
	: >"$apt/status"
	mirror=$(debian_mirror)
	printf '%s [signed-by=%s] %s %s main\n' "${4:-deb}" "$DEBIAN_KEYRING" "$mirror" "$2" >"$apt/sources.list"
}

# private_apt TOOL ARGUMENT...: runs apt-get or apt-cache on the selected suite.
private_apt() {
	local tool=$1
	shift
	"$tool" -o Dir::State="$apt" -o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/status" \
		-o Dir::State::extended_states="$apt/extended" \
		-o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::trustedparts="$apt/trusted" \
		-o APT::Architecture="$apt_arch" -o APT::Architectures="$apt_arch" -o Acquire::Languages=none \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=3 -o APT::Get::List-Cleanup=false \
		-o APT::Update::Error-Mode=any "$@"
}

# need_debian WHAT REMEDY...: fails with the remedies on a host that is not Debian.
need_debian() {
	local what=$1
	shift
	command -v apt-get >/dev/null || die "$what comes from Debian's archive, and this host has no apt-get" "$@"
	[ -f "$DEBIAN_KEYRING" ] ||
		die "the keys of Debian's archive are missing ($DEBIAN_KEYRING)" \
			"sudo apt-get install debian-archive-keyring" "$@"
}

# unpack_packages PACKAGE... DIR: downloads packages of the suite, and unpacks them in a directory
# without documentation and the devicetrees of machines.
unpack_packages() {
	local dir=${!#} package

	rm -rf "$apt/download" && mkdir "$apt/download" &&
		(cd "$apt/download" && private_apt apt-get -q download "${@:1:$#-1}") || return
	for package in "$apt"/download/*.deb; do
		dpkg-deb --fsys-tarfile "$package" |
			tar -x -C "$dir" --exclude='./usr/share/*' --exclude='./usr/lib/modules/*/dtb/*' || return
	done
	rm -rf "$apt/download"
}

update_and_unpack() {
	private_apt apt-get -q update && unpack_packages "$@"
}

# debian_packages WHAT REMEDY ARCHITECTURE PACKAGE...: unpacks packages of TOOLCHAIN_SUITE in the
# cache, in the folder $unpacked.
debian_packages() {
	local what=$1 remedy=$2 arch=$3
	shift 3

	unpacked=$CACHE/packages-$arch-$(echo "$TOOLCHAIN_SUITE $*" | key)
	if ready "$unpacked" "packages-$arch"; then
		done_line ok "$what" 0.0
		return
	fi
	need_debian "$what" "$remedy"
	debian_suite "apt-$arch" "$TOOLCHAIN_SUITE" "$arch"
	need_space 100 "$what"
	make_dir "$unpacked" "$what" "packages-$arch" \
		"check the network; DEBIAN_MIRROR= names another mirror; $remedy" update_and_unpack "$@"
}
