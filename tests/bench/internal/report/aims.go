package report

import (
	"fmt"
	"math"
	"strings"

	"icr-pull-secrets/tests/bench/internal/measure"
	"icr-pull-secrets/tests/bench/internal/phases"
)

// Aim is what the project wants, and what there is.
type Aim struct {
	What     string `json:"aim"`
	Wanted   string `json:"wanted"`
	Measured string `json:"measured"`
	Reached  bool   `json:"reached"`
}

var writes = []string{"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"}

const memoryNoise = 1.0 // MB between two equal runs

// Aims compares the results with docs/benchmarks.md.
func Aims(results phases.Results) []Aim {
	aims := append(paceAims(results), requestAims(results)...)
	aims = append(aims, latencyAims(results)...)
	aims = append(aims, tokenAims(results)...)
	return append(aims, processAims(results)...)
}

func atMost(what string, limit, measured float64, unit string) Aim {
	return Aim{what, fmt.Sprintf("≤ %g %s", limit, unit), fmt.Sprintf("%.3g %s", measured, unit), measured <= limit}
}

func over(rounds []phases.Round, value func(phases.Round) float64) []float64 {
	values := make([]float64, len(rounds))
	for i, round := range rounds {
		values[i] = value(round)
	}
	return values
}

func paceAims(results phases.Results) []Aim {
	ratio := func(what string, of func(phases.Round) phases.Operated) Aim {
		values := over(results.Rounds, func(round phases.Round) float64 { return of(round).Ratio })
		rates := over(results.Rounds, func(round phases.Round) float64 { return of(round).Rate })
		const wanted = 0.9
		median := measure.Median(values)
		return Aim{what + ": rate, of the raw limit's", fmt.Sprintf("≥ %.1f", wanted),
			fmt.Sprintf("%.2f (%.0f/s); rounds %.2f", median, measure.Median(rates), values), median >= wanted}
	}
	cpu := over(results.Rounds, func(round phases.Round) float64 {
		return round.OptIn.Pace.Operator * 1000 / float64(results.Settings.Namespaces)
	})
	var slower []float64
	for _, one := range results.Steady {
		slower = append(slower, one.Beside.Seconds/one.Quiet.Seconds)
	}
	return []Aim{
		atMost("roll-out beside an event a second: time, of the quiet one", 1.3, measure.Median(slower), "×"),
		ratio("opt-in", func(round phases.Round) phases.Operated { return round.OptIn }),
		ratio("rotation", func(round phases.Round) phases.Operated { return round.Rotation }),
		atMost("opt-in: operator's CPU per 1000 namespaces", 0.6, measure.Median(cpu), "s"),
	}
}

// Requests that are none about namespaces: one of each at the change of a credential.
const (
	ownRecord = "configmaps"
	rollOuts  = "events"
)

func requestAims(results phases.Results) []Aim {
	per := float64(results.Settings.Namespaces)
	var posts, patches, others, reads, updates, extra, recorded, events []float64
	for _, round := range results.Rounds {
		optIn, rotation := about(round.OptIn.Operator), about(round.Rotation.Operator)
		posts = append(posts, float64(round.OptIn.Server["POST secrets 201"])/per)
		patches = append(patches, float64(round.OptIn.Server["PATCH serviceaccounts 200"])/per)
		others = append(others, float64(optIn.namespaces.Of(writes...))-per*2)
		reads = append(reads, float64(optIn.namespaces.Of("GET")+rotation.namespaces.Of("GET")))
		updates = append(updates, float64(rotation.namespaces["PATCH secrets 200"])/per)
		extra = append(extra, float64(sum(rotation.namespaces))-per)
		recorded = append(recorded, float64(optIn.record.Of(writes...)), float64(rotation.record.Of(writes...)))
		events = append(events, float64(sum(optIn.events)), float64(sum(rotation.events)))
	}
	return []Aim{
		{"opt-in: writes per namespace", "1 POST + 1 PATCH", fmt.Sprintf("%g POST + %g PATCH, %g others in all", posts, patches, others),
			all(posts, 1) && all(patches, 1) && all(others, 0)},
		{"rotation: writes per namespace", "1", fmt.Sprintf("%g, %g other requests in all", updates, extra), all(updates, 1) && all(extra, 0)},
		{"reads of single objects, opt-in and rotation", "0", fmt.Sprintf("%g", reads), all(reads, 0)},
		{"own record: writes, each opt-in and rotation", "1", fmt.Sprintf("%g", recorded), all(recorded, 1)},
		{"Events about roll-outs, each opt-in and rotation", "0 and 1", fmt.Sprintf("%g", events), alternate(events, 0, 1)},
	}
}

// subjects are requests by what they are about. Watches are left out: they are
// counted when they end.
type subjects struct{ namespaces, record, events measure.Counters }

func about(requests measure.Counters) subjects {
	found := subjects{measure.Counters{}, measure.Counters{}, measure.Counters{}}
	for key, value := range requests {
		words := strings.Fields(key)
		switch {
		case words[0] == "WATCH":
		case words[1] == ownRecord:
			found.record[key] = value
		case words[1] == rollOuts:
			found.events[key] = value
		default:
			found.namespaces[key] = value
		}
	}
	return found
}

func all(values []float64, wanted float64) bool { return alternate(values, wanted) }

// alternate tells whether the values are these, in turns.
func alternate(values []float64, wanted ...float64) bool {
	for i, value := range values {
		if value != wanted[i%len(wanted)] {
			return false
		}
	}
	return true
}

func tokenAims(results phases.Results) []Aim {
	per := float64(results.Settings.Namespaces)
	tokens := results.Tokens
	var ratios, rates []float64
	var updates, extra, recorded, calls []float64
	add := func(one phases.Refreshed) {
		requests := about(one.Operator)
		updates = append(updates, float64(requests.namespaces["PATCH secrets 200"])/per)
		extra = append(extra, float64(sum(requests.namespaces)+sum(requests.events))-per)
		recorded = append(recorded, float64(sum(requests.record)))
		calls = append(calls, float64(one.TokenCalls))
	}
	for _, round := range tokens.Rounds {
		ratios, rates = append(ratios, round.Refresh.Ratio), append(rates, round.Refresh.Rate)
		add(round.Refresh)
	}
	add(tokens.Timed.Refreshed)
	failOver := tokens.FailOver
	const wanted = 0.8
	median := measure.Median(ratios)
	slower := tokens.Crowd.Busy.Attached.Median / tokens.Crowd.Quiet.Attached.Median
	return []Aim{
		{"refresh of a token: rate, of the raw limit's", fmt.Sprintf("≥ %.1f", wanted),
			fmt.Sprintf("%.2f (%.0f/s); rounds %.2f", median, measure.Median(rates), ratios), median >= wanted},
		{"refresh: writes per namespace, asked for and timed", "1", fmt.Sprintf("%g, %g other requests and Events in all", updates, extra), all(updates, 1) && all(extra, 0)},
		{"refresh: own record, requests", "1", fmt.Sprintf("%g", recorded), all(recorded, 1)},
		{"refresh: tokens asked of IAM", "1", fmt.Sprintf("%g", calls), all(calls, 1)},
		atMost("fail-over with a token: writes to namespaces", 0, float64(about(failOver.Server).namespaces.Of(writes...)), ""),
		atMost("fail-over with a token: tokens asked of IAM", 1, float64(failOver.TokenCalls), ""),
		atMost("new namespace in a roll-out: attached, median, of the quiet one", 2, slower, "×"),
	}
}

func latencyAims(results phases.Results) []Aim {
	return []Aim{
		atMost("new namespace: copy, median", 7, results.Latency.Copy.Median, "ms"),
		atMost("new namespace: attached, median", 10, results.Latency.Attached.Median, "ms"),
		atMost("new namespace: attached, max", 15, results.Latency.Attached.Max, "ms"),
		atMost("new namespace beside one that is edited 10,000 times a minute: attached, median, of the quiet one", 2,
			results.Noisy.Noisy.Attached.Median/results.Noisy.Quiet.Attached.Median, "×"),
		atMost(fmt.Sprintf("%d deleted copies back", results.Drift.Count), 0.1, results.Drift.Seconds, "s"),
	}
}

func processAims(results phases.Results) []Aim {
	var aims []Aim
	if idle := results.Idle; idle != nil {
		aims = append(aims, atMost("idle: requests per minute", 2, float64(sum(idle.Requests))*60/idle.Seconds, ""))
	}
	peak := 0.0
	for _, round := range results.Rounds {
		peak = max(peak, round.Rotation.Process.PeakRSS)
	}
	foreign := results.Foreign
	growth := max(foreign.After.RSS-foreign.Before.RSS, foreign.Restart.Process.PeakRSS-foreign.Before.PeakRSS)
	return append(aims,
		atMost("peak RSS, opt-in and rotation", 20, peak, "MB"),
		Aim{"growth by foreign Secrets", fmt.Sprintf("0 (± %g) MB", memoryNoise), fmt.Sprintf("%.1f MB", growth), math.Abs(growth) <= memoryNoise || growth < 0},
		atMost("restart with all in place: writes", 0, float64(results.Restart.Writes+foreign.Restart.Writes), ""),
	)
}
