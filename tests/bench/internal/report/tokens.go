package report

import (
	"fmt"

	"icr-pull-secrets/tests/bench/internal/measure"
	"icr-pull-secrets/tests/bench/internal/phases"
)

func (r Report) tokens() string {
	tokens := r.Results.Tokens
	t := paceTable()
	for i, round := range tokens.Rounds {
		t.paces(i+1, "refresh", round.Raw, round.Refresh.Operated)
	}
	return fmt.Sprintf("Access tokens; a copy is %d bytes as it is sent:\n\n", tokens.CopySize) +
		t.String() + "\n" + r.refreshRequests() + "\n" + failOver(tokens.FailOver) + "\n" + crowd(tokens.Crowd)
}

func (r Report) refreshRequests() string {
	tokens := r.Results.Tokens
	var last phases.Refreshed
	if len(tokens.Rounds) > 0 {
		last = tokens.Rounds[len(tokens.Rounds)-1].Refresh
	}
	timed := tokens.Timed
	t := table{head: []string{"the operator's requests", "refresh, last round", fmt.Sprintf("refresh before the end of a token of %d s", timed.Lifetime)}}
	all := measure.Counters{}
	for _, one := range []phases.Refreshed{last, timed.Refreshed} {
		for key, value := range one.Operated.Operator {
			all[key] += value
		}
	}
	for _, key := range all.Keys() {
		t.row(key, number(last.Operated.Operator[key]), number(timed.Operated.Operator[key]))
	}
	t.row("IAM: tokens", number(last.TokenCalls), number(timed.TokenCalls))
	return t.String() + fmt.Sprintf(`
The latter began %.1f s after the start of the operator that had fetched the token; its rate was %.0f/s.
`, timed.After, timed.Rate)
}

func failOver(found phases.FailOver) string {
	return fmt.Sprintf("An operator was killed that had handed out a token. The next one was ready after %.2f s, wrote %d times to the "+
		"namespaces and %d times to its own record, and asked IAM for %d tokens.\n",
		found.Ready, about(found.Server).namespaces.Of(writes...), about(found.Server).record.Of(writes...), found.TokenCalls)
}

func crowd(found phases.Crowd) string {
	t := table{head: []string{"new namespace, ms after the answer", "median", "p99", "max"}}
	t.arrivals(", in quiet", found.Quiet)
	t.arrivals(", in a roll-out", found.Busy)
	return t.String() + fmt.Sprintf(`
%d in quiet, %d in %d roll-outs of a new token. Others kept up to %.2f cores busy in the latter.
`, found.QuietCount, found.BusyCount, found.RollOuts, found.Others)
}
