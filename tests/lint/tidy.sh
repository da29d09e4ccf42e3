#!/bin/bash
# clang-tidy over every source of operator/, two at a time. A file whose preprocessed text and rules
# were clean before is not looked at again: the marks are in the cache, named by their content.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cache=${ICRPS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/icr-pull-secrets}
requirements=tests/lint/requirements.txt

# Debian's is of 2024; since LLVM 22 it passes over other people's headers, which is four times as
# fast.
tools=$cache/clang-tidy-$(sha256sum "$requirements" | cut --characters=1-12)
if [[ ! -x $tools/bin/clang-tidy ]]; then
	echo "installing clang-tidy"
	mkdir -p "$cache"
	made=$(mktemp --directory "$cache/clang-tidy.XXXXXX")
	# Debian's own Python: the first in the PATH may lack venv.
	/usr/bin/python3 -m venv "$made"
	"$made/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--requirement "$requirements" || { echo "clang-tidy can't be installed"; exit 1; }
	rm -rf "$tools"
	mv --no-target-directory "$made" "$tools"
fi

# How each source is compiled by itself: the builds compile several as one.
build=build/tidy
cmake --preset dev -B "$build" -DICRPS_TOGETHER=OFF -DICRPS_TESTS=OFF >/dev/null
marks=$cache/tidy
mkdir -p "$marks"
rules=$(cat .clang-tidy "$requirements" | sha256sum | cut --characters=1-16)
# The wheel's own start script names the folder in which it was made.
tidy=$(echo "$tools"/lib/python3*/site-packages/clang_tidy/data/bin/clang-tidy)
[[ -x $tidy ]] || { echo "no $tidy"; exit 1; }
export build marks rules tidy

check() {
	local file=$1 text key mark
	set -euo pipefail
	text=$(jq --raw-output --arg file "$PWD/$file" '.[] | select(.file == $file) | .command' "$build/compile_commands.json" |
		sed 's/ -o [^ ]*//; s/ -c / -E -P /' | (cd "$build" && CCACHE_DISABLE=1 sh))
	[[ -n $text ]] || { echo "clang-tidy: $build/compile_commands.json doesn't know $file"; return 1; }
	key=$(sha256sum <<<"$text" | cut --characters=1-32)
	mark=$marks/$rules-$key
	[[ ! -e $mark ]] || return 0
	"$tidy" --quiet -p "$build" "$file" 2>/dev/null || { echo "clang-tidy: $file"; return 1; }
	touch "$mark"
}
export -f check

mapfile -t sources < <(git ls-files --cached --others --exclude-standard 'operator/*.cpp')
((${#sources[@]} > 20)) || { echo "only ${#sources[@]} sources found"; exit 1; }
# shellcheck disable=SC2016 # for the shell that checks
printf '%s\0' "${sources[@]}" | xargs --null --max-procs 2 --max-args 1 bash -c 'check "$0"'
echo "${#sources[@]} sources pass clang-tidy"
