#!/usr/bin/env bash
# metrics.sh BUILD-FOLDER: promtool finds no fault with what the operator shows at /metrics, and
# docs/metrics.md lists exactly that, with the right types. The text comes from the unit tests.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=${1:?usage: metrics.sh BUILD-FOLDER}
text=$SCRATCH/metrics.txt

say "promtool check metrics, of every metric"
ICRPS_METRICS_FILE=$text "$build/unit_tests" '[metrics-text]' >/dev/null || die "the unit test that writes the metrics"
promtool check metrics <"$text" || die "promtool finds fault with the metrics"

say "the check notices a counter without _total and a metric without help"
if sed 's/reconciles_total/reconciles/; /HELP icr_pull_secrets_synced/d' "$text" | promtool check metrics 2>"$SCRATCH/out"; then
  die "promtool accepts anything"
fi
for complaint in 'icr_pull_secrets_reconciles counter metrics should have "_total" suffix' 'icr_pull_secrets_synced no help text'; do
  grep -q -F "$complaint" "$SCRATCH/out" || die "not noticed: $complaint: $(cat "$SCRATCH/out")"
done

say "docs/metrics.md lists them all, and no other"
sed -n 's/^# TYPE \(icr_pull_secrets_[a-z_]*\) \([a-z]*\)$/\1 \2/p' "$text" | sort >"$SCRATCH/shown"
# shellcheck disable=SC2016 # the backquotes are those of the table
sed -n 's/^| `\(icr_pull_secrets_[a-z_]*\)` | \([a-z]*\) |.*/\1 \2/p' "$ROOT/docs/metrics.md" | sort >"$SCRATCH/documented"
diff -u --label /metrics --label docs/metrics.md "$SCRATCH/shown" "$SCRATCH/documented" || die "docs/metrics.md and /metrics differ"

say "docs/metrics.md names those of the process, and there are no others"
sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$text" | grep -v '^icr_pull_secrets_' | sort >"$SCRATCH/shown"
grep -o '`process_[a-z_]*`' "$ROOT/docs/metrics.md" | tr -d '`' | sort >"$SCRATCH/documented"
diff -u --label /metrics --label docs/metrics.md "$SCRATCH/shown" "$SCRATCH/documented" || die "docs/metrics.md and /metrics differ"
