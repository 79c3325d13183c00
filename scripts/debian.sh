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

# download_packages PACKAGE...: downloads them to the suite's folder, removes all other
# packages there, and makes the folder the current directory.
download_packages() {
	private_apt apt-get -q update &&
		mkdir -p "$apt/download" && cd "$apt/download" && rm -f ./*.deb &&
		private_apt apt-get -q download "$@"
}
