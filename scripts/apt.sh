# shellcheck shell=bash
# Sourced. apt_install PACKAGE… installs those of the Debian packages that are missing; nothing is
# fetched when all are there. `before_install`, a function of the caller's, is called with the
# missing ones first, if there is such a function.

apt_say() { echo "install-packages: $*" >&2; }

apt_missing() {
	local package installed
	installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
	for package in "$@"; do
		grep --quiet --line-regexp --fixed-strings "installed $package" <<<"$installed" || echo "$package"
	done
}

apt_install() {
	command -v dpkg-query >/dev/null || {
		apt_say "this needs Debian or a relative of it; install by hand: $*"
		exit 1
	}
	local -a wanted
	mapfile -t wanted < <(apt_missing "$@")
	((${#wanted[@]} > 0)) || return 0
	((EUID == 0)) || {
		apt_say "missing: ${wanted[*]}; run as root, or: sudo apt-get install --no-install-recommends ${wanted[*]}"
		exit 1
	}
	apt_say "installing ${#wanted[@]} packages: ${wanted[*]}"
	if declare -F before_install >/dev/null; then before_install "${wanted[@]}"; fi
	local started=$SECONDS log
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	if ! { apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends "${wanted[@]}"; } \
		</dev/null >"$log" 2>&1; then
		tail -n 30 "$log" >&2
		apt_say "apt-get failed; the whole log is $log"
		exit 1
	fi
	rm -f "$log"
	apt_say "done in $((SECONDS - started)) s"
}
