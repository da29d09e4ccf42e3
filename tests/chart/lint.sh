#!/usr/bin/env bash
# helm lint, with warnings as errors, for every scenario.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

while read -r name file; do
  say "helm lint --strict: $name"
  helm lint --strict --quiet "$CHART" --values "$file" >"$SCRATCH/out" 2>&1 || {
    cat "$SCRATCH/out" >&2
    die "helm lint finds fault with the scenario $name"
  }
done < <(scenarios)
