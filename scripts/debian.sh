# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Packages of Debian's archive, for scripts that fetch some into the cache. Lists
# and packages are verified by apt against the archive's keys; nothing is
# installed, and the host's own apt configuration stays as it is.

# debian_suite NAME SUITE [ARCHITECTURE] [deb-src]: private_apt is about that suite
# from now on, with its lists in the cache's folder NAME.
debian_suite() {
	local mirror

	apt=$CACHE/$1
	apt_arch=${3:-amd64}
	mkdir -p "$apt"/{lists/partial,cache/archives/partial,trusted}
	: >"$apt/status"
	mirror=$(debian_mirror)
	printf '%s [signed-by=%s] %s %s main\n' "${4:-deb}" "$DEBIAN_KEYRING" "$mirror" "$2" >"$apt/sources.list"
}

# private_apt TOOL ARGUMENT...: apt-get or apt-cache
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

# need_debian WHAT REMEDY...: says what to do on a host that is no Debian.
need_debian() {
	local what=$1
	shift
	command -v apt-get >/dev/null || die "$what comes from Debian's archive, and this host has no apt-get" "$@"
	[ -f "$DEBIAN_KEYRING" ] ||
		die "the keys of Debian's archive are missing ($DEBIAN_KEYRING)" \
			"sudo apt-get install debian-archive-keyring" "$@"
}

# download_packages PACKAGE...: these alone are in the suite's folder afterwards, and
# so is the caller.
download_packages() {
	private_apt apt-get -q update &&
		mkdir -p "$apt/download" && cd "$apt/download" && rm -f ./*.deb &&
		private_apt apt-get -q download "$@"
}
