#!/bin/bash
# clang-tidy over every source of operator/, two at a time. A file whose preprocessed text and rules
# were clean before is not looked at again: the marks are in the cache, named by their content.
#
#   tidy.sh BUILD-DIR     with compile_commands.json
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=$1
cache=${ICRPS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/icr-pull-secrets}/tidy
mkdir -p "$cache"
rules=$(sha256sum .clang-tidy | cut --characters=1-16)
export build cache rules

check() {
	local file=$1 text key mark
	set -euo pipefail
	text=$(jq --raw-output --arg file "$PWD/$file" '.[] | select(.file == $file) | .command' "$build/compile_commands.json" |
		sed 's/ -o [^ ]*//; s/ -c / -E -P /' | (cd "$build" && sh))
	[[ -n $text ]] || { echo "clang-tidy: $build/compile_commands.json doesn't know $file"; return 1; }
	key=$(sha256sum <<<"$text" | cut --characters=1-32)
	mark=$cache/$rules-$key
	[[ ! -e $mark ]] || return 0
	clang-tidy-19 --quiet -p "$build" "$file" 2>/dev/null || { echo "clang-tidy: $file"; return 1; }
	touch "$mark"
}
export -f check

mapfile -t sources < <(git ls-files --cached --others --exclude-standard 'operator/*.cpp')
((${#sources[@]} > 20)) || { echo "only ${#sources[@]} sources found"; exit 1; }
printf '%s\0' "${sources[@]}" | xargs --null --max-procs 2 --max-args 1 bash -c 'check "$0"'
echo "${#sources[@]} sources pass clang-tidy"
