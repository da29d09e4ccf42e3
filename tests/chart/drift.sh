#!/usr/bin/env bash
# The plain manifests are what the chart renders, and say nothing of Helm.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

say "manifests/*.yaml are what the chart renders"
HELM=$CHART_TEST_TOOLS/helm "$ROOT/manifests/render" --check

say "the check notices a difference"
cp -r "$ROOT/manifests" "$SCRATCH/manifests"
mkdir "$SCRATCH/charts"
cp -r "$CHART" "$SCRATCH/charts/"
sed -i 's/"get", "list", "watch", "patch", "delete"/"get", "list", "watch", "patch", "delete", "update"/' \
  "$SCRATCH/charts/icr-pull-secrets/templates/clusterrole.yaml"
if HELM=$CHART_TEST_TOOLS/helm "$SCRATCH/manifests/render" --check >"$SCRATCH/out" 2>&1; then
  die "manifests/render --check doesn't notice that the chart has changed"
fi
grep -q '^+.*update' "$SCRATCH/out" || die "manifests/render --check doesn't show the difference: $(cat "$SCRATCH/out")"

say "nothing in them speaks of Helm"
if grep -in helm "$ROOT"/manifests/{namespace,install,pod-admission,cleanup}.yaml; then
  die "a manifest speaks of Helm"
fi
