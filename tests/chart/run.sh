#!/usr/bin/env bash
# run.sh [BUILD-FOLDER]: runs all tests of the chart and the manifests that need no cluster; with the operator, also whether
# it and the chart take the same configurations. Stops at the first failure.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for part in table lint conform refuse content unittest monitoring dashboard drift; do
  say "== $part"
  began=$SECONDS
  arguments=()
  [ "$part" != refuse ] || arguments=("$@")
  "$ROOT/tests/chart/$part.sh" "${arguments[@]}" || die "tests/chart/$part.sh"
  say "== $part: passed in $((SECONDS - began)) s"
done
