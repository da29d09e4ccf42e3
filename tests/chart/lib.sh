# What the chart's tests share; to be sourced. Sets ROOT, CHART, SCRATCH and PATH.
# shellcheck shell=bash
# shellcheck disable=SC2034  # CHART is used by those who source this

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CHART=$ROOT/charts/icr-pull-secrets

# Looked up once for a whole run: run.sh exports it to the scripts it starts.
if [ -z "${CHART_TEST_TOOLS:-}" ]; then
  CHART_TEST_TOOLS=$("$ROOT/tests/sandbox/install-tools" helm kubeconform promtool helm-unittest | tail -n1)
  export CHART_TEST_TOOLS
fi
PATH=$CHART_TEST_TOOLS:$PATH

# A Python that can read YAML: the first in the PATH, else Debian's own (python3-yaml).
if [ -z "${CHART_TEST_PYTHON:-}" ]; then
  for CHART_TEST_PYTHON in python3 /usr/bin/python3 ""; do
    if [ -n "$CHART_TEST_PYTHON" ] && "$CHART_TEST_PYTHON" -c 'import yaml' 2>/dev/null; then
      break
    fi
  done
  [ -n "$CHART_TEST_PYTHON" ] || {
    echo "these tests need python3 with PyYAML: apt-get install python3-yaml" >&2
    exit 1
  }
  export CHART_TEST_PYTHON
fi

# Helm reads the cluster and its own settings from the environment: none of that here.
if [ -z "${CHART_TEST_CLUSTER:-}" ]; then
  unset KUBECONFIG
fi
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
export HELM_CACHE_HOME=$SCRATCH/helm/cache HELM_CONFIG_HOME=$SCRATCH/helm/config HELM_DATA_HOME=$SCRATCH/helm/data

say() {
  printf '%s\n' "$*"
}

die() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# The scenarios: one line each, "name file".
scenarios() {
  local file
  for file in "$CHART"/ci/*-values.yaml; do
    printf '%s %s\n' "$(basename "$file" -values.yaml)" "$file"
  done
}
