package report

import (
	"fmt"
	"math"

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
	return []Aim{
		ratio("opt-in", func(round phases.Round) phases.Operated { return round.OptIn }),
		ratio("rotation", func(round phases.Round) phases.Operated { return round.Rotation }),
		atMost("opt-in: operator's CPU per 1000 namespaces", 0.6, measure.Median(cpu), "s"),
	}
}

func requestAims(results phases.Results) []Aim {
	per := float64(results.Settings.Namespaces)
	var posts, patches, others, reads, events, updates, extra []float64
	for _, round := range results.Rounds {
		posts = append(posts, float64(round.OptIn.Server["POST secrets 201"])/per)
		patches = append(patches, float64(round.OptIn.Server["PATCH serviceaccounts 200"])/per)
		own := round.OptIn.Operator
		others = append(others, float64(own.Of(writes...))-per*2)
		reads = append(reads, float64(own.Of("GET")+round.Rotation.Operator.Of("GET")))
		events = append(events, float64(own["POST events 201"]+round.Rotation.Operator["POST events 201"]))
		updates = append(updates, float64(round.Rotation.Operator["PATCH secrets 200"])/per)
		extra = append(extra, float64(round.Rotation.Operator.Of(append(writes, "GET", "LIST")...))-per)
	}
	exact := func(what, wanted, measured string, reached bool) Aim { return Aim{what, wanted, measured, reached} }
	all := func(values []float64, wanted float64) bool {
		for _, value := range values {
			if value != wanted {
				return false
			}
		}
		return true
	}
	return []Aim{
		exact("opt-in: writes per namespace", "1 POST + 1 PATCH", fmt.Sprintf("%g POST + %g PATCH, %g others in all", posts, patches, others),
			all(posts, 1) && all(patches, 1) && all(others, 0)),
		exact("rotation: writes per namespace", "1", fmt.Sprintf("%g, %g other requests in all", updates, extra), all(updates, 1) && all(extra, 0)),
		exact("reads of single objects and Events, opt-in and rotation", "0", fmt.Sprintf("%g and %g", reads, events), all(reads, 0) && all(events, 0)),
	}
}

func latencyAims(results phases.Results) []Aim {
	return []Aim{
		atMost("new namespace: copy, median", 7, results.Latency.Copy.Median, "ms"),
		atMost("new namespace: attached, median", 10, results.Latency.Attached.Median, "ms"),
		atMost("new namespace: attached, max", 15, results.Latency.Attached.Max, "ms"),
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
