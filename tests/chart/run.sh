#!/usr/bin/env bash
# Runs all tests of the chart and the manifests that need no cluster. Stops at the first failure.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for part in values-table.py lint.sh conform.sh refuse.sh content.py drift.sh; do
  say "== $part"
  began=$SECONDS
  case $part in
    values-table.py) "$ROOT/tests/chart/$part" --check && say "the table in the chart's README is that of values.yaml" ;;
    *) "$ROOT/tests/chart/$part" ;;
  esac || die "tests/chart/$part"
  say "== $part: passed in $((SECONDS - began)) s"
done
