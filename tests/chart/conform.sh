#!/usr/bin/env bash
# Everything rendered, and the plain manifests, against the API definitions of the Kubernetes
# version that the sandbox runs. Fields that Kubernetes doesn't know are errors. Needs no network:
# the definitions are in the source of Kubernetes that the sandbox's tools are built from.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

modules=$ROOT/tests/sandbox/tools/kubernetes
kubernetes() {
  (cd "$modules" && "$ROOT/tests/sandbox/install-tools" --go "$@" k8s.io/kubernetes)
}

version=$(kubernetes list -m -f '{{.Version}}')
schemas=$(dirname "$CHART_TEST_TOOLS")/schemas/$version
converter=$ROOT/tests/chart/openapi-to-schemas.py
if [ ! -e "$schemas/.made" ] || [ "$converter" -nt "$schemas/.made" ]; then
  say "making schemas of Kubernetes $version in $schemas"
  source=$(kubernetes list -m -f '{{.Dir}}')
  if [ -z "$source" ]; then # the tools were built long ago, and the module cache was emptied since
    kubernetes mod download
    source=$(kubernetes list -m -f '{{.Dir}}')
  fi
  new=$schemas.new.$$
  "$CHART_TEST_PYTHON" "$converter" "$source/api/openapi-spec/swagger.json" "$new"
  touch "$new/.made"
  rm -rf "$schemas"
  mv "$new" "$schemas"
fi

conform() {
  kubeconform -strict -summary \
    -schema-location "$schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json" "$@"
}

say "kubeconform refuses a field that Kubernetes doesn't know (the check checks)"
cat >"$SCRATCH/wrong.yaml" <<'YAML'
apiVersion: v1
kind: ServiceAccount
metadata:
  name: wrong
automountServiceAccountTokens: false
YAML
if conform "$SCRATCH/wrong.yaml" >"$SCRATCH/out" 2>&1; then
  die "kubeconform accepts a mistyped field"
fi
grep -q automountServiceAccountTokens "$SCRATCH/out" || die "kubeconform refuses the mistyped field for another reason: $(cat "$SCRATCH/out")"

while read -r name file; do
  say "kubeconform -strict: $name"
  helm template icr-pull-secrets "$CHART" --namespace icr-pull-secrets --values "$file" >"$SCRATCH/$name.yaml"
  conform "$SCRATCH/$name.yaml" || die "the scenario $name renders objects that Kubernetes refuses"
done < <(scenarios)

for file in "$ROOT/manifests/install.yaml" "$ROOT/manifests/pod-admission.yaml" "$ROOT"/manifests/examples/*.yaml; do
  say "kubeconform -strict: ${file#"$ROOT"/}"
  conform "$file" || die "$file holds objects that Kubernetes refuses"
done
