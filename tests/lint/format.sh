#!/bin/bash
# Every C++ source is formatted as .clang-format says, every shell script passes shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp')
((${#sources[@]} > 50)) || { echo "only ${#sources[@]} sources found"; exit 1; }
clang-format-19 --dry-run --Werror "${sources[@]}"
echo "${#sources[@]} C++ files are formatted"

mapfile -t scripts < <(git ls-files --cached --others --exclude-standard |
	while read -r file; do
		[[ -f $file ]] && head --lines=1 "$file" | grep --quiet --text -e '^#!/bin/bash' -e '^# shellcheck shell=bash' && echo "$file"
	done)
((${#scripts[@]} > 5)) || { echo "only ${#scripts[@]} scripts found"; exit 1; }
shellcheck --external-sources --source-path=SCRIPTDIR --severity warning "${scripts[@]}"
echo "${#scripts[@]} scripts pass shellcheck"
