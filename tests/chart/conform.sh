#!/usr/bin/env bash
# Everything rendered, and the plain manifests, against the API definitions of the Kubernetes
# version that the sandbox runs, and of the Prometheus operator for its kinds. Fields that nobody knows
# are errors. The definitions are in the Go modules that are pinned in tests/sandbox/tools/kubernetes,
# which the sandbox's tools are built from, and in prometheus-operator.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# module FORMAT FOLDER MODULE: what Go knows of a module that is pinned in the folder's go.mod.
module() {
  (cd "$2" && "$ROOT/tests/sandbox/install-tools" --go list -m -f "$1" "$3")
}

# source_of FOLDER MODULE: where its source is. The module cache may be without it: the tools were built
# long ago, or nothing is built from it.
source_of() {
  (cd "$1" && "$ROOT/tests/sandbox/install-tools" --go mod download "$2")
  module '{{.Dir}}' "$1" "$2"
}

kubernetes=("$ROOT/tests/sandbox/tools/kubernetes" k8s.io/kubernetes)
prometheus=("$ROOT/tests/chart/prometheus-operator" github.com/prometheus-operator/prometheus-operator)
version=$(module '{{.Version}}' "${kubernetes[@]}")-$(module '{{.Version}}' "${prometheus[@]}")
schemas=$(dirname "$CHART_TEST_TOOLS")/schemas/$version
converter=$ROOT/tests/chart/openapi-to-schemas.py
if [ ! -e "$schemas/.made" ] || [ "$converter" -nt "$schemas/.made" ]; then
  say "making schemas of Kubernetes and the Prometheus operator in $schemas"
  new=$schemas.new.$$
  crds=$(source_of "${prometheus[@]}")/example/prometheus-operator-crd/monitoring.coreos.com
  "$CHART_TEST_PYTHON" "$converter" "$(source_of "${kubernetes[@]}")/api/openapi-spec/swagger.json" "$new" \
    "$crds"_{servicemonitors,podmonitors,prometheusrules}.yaml
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
cat >"$SCRATCH/wrong.yaml" <<'YAML'
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: wrong
spec:
  selector: {}
  podMetricsEndpoint: []
YAML
if conform "$SCRATCH/wrong.yaml" >"$SCRATCH/out" 2>&1; then
  die "kubeconform accepts a mistyped field of a PodMonitor"
fi
grep -q podMetricsEndpoint "$SCRATCH/out" || die "kubeconform refuses the mistyped field for another reason: $(cat "$SCRATCH/out")"

while read -r name file; do
  say "kubeconform -strict: $name"
  helm template icr-pull-secrets "$CHART" --namespace icr-pull-secrets --values "$file" \
    --set cleanup.onUninstall=true --set helmTest.enabled=true >"$SCRATCH/$name.yaml"
  conform "$SCRATCH/$name.yaml" || die "the scenario $name renders objects that Kubernetes refuses"
done < <(scenarios)

for file in "$ROOT"/manifests/{namespace,install,pod-admission,cleanup}.yaml "$ROOT"/manifests/examples/*.yaml; do
  say "kubeconform -strict: ${file#"$ROOT"/}"
  conform "$file" || die "$file holds objects that Kubernetes refuses"
done
