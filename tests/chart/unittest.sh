#!/usr/bin/env bash
# The chart's own tests (charts/icr-pull-secrets/tests), template by template, with helm-unittest;
# and none of them gets into the package.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

say "helm-unittest"
helm-unittest --strict "$CHART" || die "helm-unittest finds fault with the chart"

say "the check notices a template that is wrong"
cp -r "$CHART" "$SCRATCH/chart"
sed -i 's/^  replicas: .*/  replicas: 7/' "$SCRATCH/chart/templates/deployment.yaml"
if helm-unittest --strict "$SCRATCH/chart" >"$SCRATCH/out" 2>&1; then
  die "helm-unittest passes a template that is wrong"
fi
grep -q 'Path:.*spec.replicas' "$SCRATCH/out" || die "helm-unittest fails for another reason: $(cat "$SCRATCH/out")"

say "the package holds what is installed, and nothing of the tests"
helm package "$CHART" --destination "$SCRATCH" >/dev/null
tar --list --gzip --file "$SCRATCH"/icr-pull-secrets-*.tgz >"$SCRATCH/files"
for file in Chart.yaml README.md values.yaml values.schema.json files/alerts.yaml files/dashboard.json files/defaults.json \
  templates/deployment.yaml templates/tests/secret.yaml templates/NOTES.txt; do
  grep -q -x -F "icr-pull-secrets/$file" "$SCRATCH/files" || die "the package lacks $file"
done
if grep -E '^icr-pull-secrets/(ci|tests)/' "$SCRATCH/files"; then
  die "the package holds files of the tests"
fi

say "no link in its README leads out of it"
if grep -n -o ']([^)#][^)]*)' "$CHART/README.md" | grep -v '](https://'; then
  die "in the package these links are dead"
fi
