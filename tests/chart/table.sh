#!/usr/bin/env bash
# The table of values in the chart's README is that of values.yaml, and every value has a comment.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

say "the table in charts/icr-pull-secrets/README.md is up to date"
"$CHART_TEST_PYTHON" "$ROOT/tests/chart/values-table.py" --check

say "the check notices a changed default and a value without a comment"
mkdir -p "$SCRATCH/tests/chart" "$SCRATCH/charts"
cp "$ROOT/tests/chart/values-table.py" "$SCRATCH/tests/chart/"
cp -r "$CHART" "$SCRATCH/charts/"
sed -i 's/^replicaCount: 2/replicaCount: 0/' "$SCRATCH/charts/icr-pull-secrets/values.yaml"
if "$CHART_TEST_PYTHON" "$SCRATCH/tests/chart/values-table.py" --check 2>"$SCRATCH/out"; then
  die "a changed default isn't noticed"
fi
grep -q 'out of date' "$SCRATCH/out" || die "a changed default is noticed for another reason: $(cat "$SCRATCH/out")"
printf '\nbare: 1\n' >>"$SCRATCH/charts/icr-pull-secrets/values.yaml"
if "$CHART_TEST_PYTHON" "$SCRATCH/tests/chart/values-table.py" --check 2>"$SCRATCH/out"; then
  die "a value without a comment isn't noticed"
fi
grep -q 'bare has no description' "$SCRATCH/out" || die "a value without a comment is noticed for another reason: $(cat "$SCRATCH/out")"
