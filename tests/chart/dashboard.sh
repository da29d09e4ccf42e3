#!/usr/bin/env bash
# dashboard.py with the pinned schema of Grafana, which is installed into the cache once.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cache=${ICRPS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/icr-pull-secrets}
requirements=$ROOT/tests/chart/requirements.txt
schema=$cache/grafana-schema-$(sha256sum "$requirements" | cut --characters=1-12)

if [ ! -x "$schema/bin/python" ]; then
  say "installing the schema"
  mkdir -p "$cache"
  made=$(mktemp -d "$cache/grafana-schema.XXXXXX")
  # Debian's own Python: the first in the PATH may lack venv.
  /usr/bin/python3 -m venv "$made"
  "$made/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --requirement "$requirements" || die "the schema can't be installed"
  rm -rf "$schema"
  mv -T "$made" "$schema"
fi
"$schema/bin/python" "$ROOT/tests/chart/dashboard.py" "$@"
