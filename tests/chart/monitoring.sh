#!/usr/bin/env bash
# monitoring.py with the pinned helm and promtool.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$CHART_TEST_PYTHON" "$ROOT/tests/chart/monitoring.py" "$@"
