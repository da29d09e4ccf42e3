package report

import (
	"fmt"
	"slices"
	"strings"

	"icr-pull-secrets/tests/bench/internal/measure"
	"icr-pull-secrets/tests/bench/internal/phases"
)

// Report is everything that is known after a run.
type Report struct {
	Date     string          `json:"date"`
	Machine  measure.Machine `json:"machine"`
	Commit   string          `json:"commit"`
	Operator string          `json:"operator"` // what `version` prints, and how it was built
	Server   string          `json:"server"`
	Etcd     string          `json:"etcd"`
	Results  phases.Results  `json:"results"`
	Aims     []Aim           `json:"aims"`
}

// Markdown is the whole report.
func (r Report) Markdown() string {
	sections := []string{
		r.conditions(), r.pace(), r.steady(), r.requests(), r.latency(), r.process(), r.tokens(), r.aims(),
	}
	return strings.Join(sections, "\n")
}

func (r Report) conditions() string {
	settings := r.Results.Settings
	return fmt.Sprintf(`%s, commit %s, operator %s
%s, %d cores, %s, %s, Linux %s
Kubernetes %s, etcd %s; control plane, operator and benchmark on the same cores
%d namespaces, %d rounds; a copy is %d bytes as it is sent
`, r.Date, r.Commit, r.Operator, r.Machine.CPU, r.Machine.Cores, r.Machine.Memory, r.Machine.System, r.Machine.Kernel,
		r.Server, r.Etcd, settings.Namespaces, settings.Rounds, r.Results.CopySize)
}

func (r Report) pace() string {
	t := paceTable()
	for i, round := range r.Results.Rounds {
		t.paces(i+1, "opt-in", round.RawOptIn, round.OptIn)
		t.paces(i+1, "rotation", round.RawRotation, round.Rotation)
	}
	return t.String() + r.warning()
}

func (r Report) steady() string {
	t := table{head: []string{"roll-out of a key", "all done, s: in quiet", "beside an event a second", "times as long", "others, cores"}}
	for i, one := range r.Results.Steady {
		t.row(number(i+1), seconds(one.Quiet.Seconds), seconds(one.Beside.Seconds), seconds(one.Beside.Seconds/one.Quiet.Seconds),
			seconds(max(one.Quiet.Others, one.Beside.Others)))
	}
	return t.String()
}

func paceTable() *table {
	return &table{head: []string{"round", "what", "all done, s", "first to last, s", "per second", "ratio", "own CPU, s", "server CPU, s", "others, cores"}}
}

func (t *table) paces(round int, what string, raws []phases.Pace, operated phases.Operated) {
	line := func(what string, pace phases.Pace, ratio string, cpu float64) {
		t.row(number(round), what, seconds(pace.Seconds), seconds(pace.FirstToLast), rate(pace.Rate), ratio, seconds(cpu), seconds(pace.Server), seconds(pace.Others))
	}
	for _, raw := range raws {
		line(fmt.Sprintf("raw %s, %d workers", what, raw.Workers), raw, "", raw.Bench)
	}
	line("**"+what+"**", operated.Pace, seconds(operated.Ratio), operated.Pace.Operator)
}

func (t *table) arrivals(suffix string, times phases.Arrivals) {
	line := func(what string, spread measure.Spread) {
		t.row(what+suffix, millis(spread.Median), millis(spread.P99), millis(spread.Max))
	}
	line("copy there", times.Copy)
	line("service account there", times.Account)
	line("attached", times.Attached)
	line("attached, after the account", times.Patching)
}

// warning is empty on a quiet machine.
func (r Report) warning() string {
	const quiet = 0.1 // cores
	var others []float64
	for _, round := range r.Results.Rounds {
		others = append(others, round.OptIn.Others, round.Rotation.Others)
	}
	for _, round := range r.Results.Tokens.Rounds {
		others = append(others, round.Refresh.Others)
	}
	if len(others) == 0 || slices.Max(others) <= quiet {
		return ""
	}
	return fmt.Sprintf("\n**Not a quiet machine:** other programs kept up to %.2f cores busy while the operator was measured.\n", slices.Max(others))
}

func (r Report) requests() string {
	t := table{head: []string{"requests", "API server: opt-in", "rotation", "operator: opt-in", "rotation", fmt.Sprintf("%d new namespaces", r.Results.Latency.Count)}}
	last := r.last()
	columns := []measure.Counters{last.OptIn.Server, last.Rotation.Server, last.OptIn.Operator, last.Rotation.Operator, r.Results.Latency.Requests}
	all := measure.Counters{}
	for _, column := range columns {
		for key, value := range column {
			all[key] += value
		}
	}
	for _, key := range all.Keys() {
		cells := []string{key}
		for _, column := range columns {
			cells = append(cells, number(column[key]))
		}
		t.row(cells...)
	}
	return "In the last round (the change of the source by the benchmark is one PATCH of Secrets in the API server's column; configmaps are the operator's own record, events those about roll-outs):\n\n" + t.String()
}

func (r Report) latency() string {
	t := table{head: []string{"new namespace, ms after the answer", "median", "p99", "max"}}
	latency := r.Results.Latency
	t.arrivals("", latency.Arrivals)
	noisy := r.Results.Noisy
	t.arrivals(", in quiet", noisy.Quiet)
	t.arrivals(", beside edits that are nobody's business", noisy.Strange)
	t.arrivals(", beside edits that are ours", noisy.Noisy)
	drift := r.Results.Drift
	return t.String() + fmt.Sprintf(`
Another namespace was edited %.0f times a minute in the last two, with %d new ones each.
Others kept %.2f cores busy meanwhile. %d deleted copies were back %.3f s after the first deletion was sent, %.3f s after the last was answered.
`, noisy.EditsAMinute, noisy.Count, latency.Others, drift.Count, drift.Seconds, drift.AfterLast)
}

func (r Report) process() string {
	t := table{head: []string{"operator's process", "RSS, MB", "peak, MB", "threads", "files", "ready, s", "CPU, s", "requests", "writes"}}
	last, results := r.last(), r.Results
	line := func(what string, process measure.Footprint, cells ...string) {
		t.row(append([]string{what, millis(process.RSS), millis(process.PeakRSS), number(process.Threads), number(process.Files)}, cells...)...)
	}
	perThousand := fmt.Sprintf("%d namespaces", results.Settings.Namespaces)
	line("opt-in of "+perThousand, last.OptIn.Process, "", seconds(last.OptIn.Pace.Operator), number(sum(last.OptIn.Operator)), number(last.OptIn.Operator.Of(writes...)))
	line("and rotation", last.Rotation.Process, "", seconds(last.Rotation.Pace.Operator), number(sum(last.Rotation.Operator)), number(last.Rotation.Operator.Of(writes...)))
	if idle := results.Idle; idle != nil {
		line(fmt.Sprintf("idle for %.0f s", idle.Seconds), idle.Process, "", fmt.Sprintf("%.4f", idle.CPU), number(sum(idle.Requests)), number(idle.Writes))
	}
	restart := func(what string, found phases.Restart) {
		line(what, found.Process, seconds(found.Ready), seconds(found.CPU), number(sum(found.Requests)), number(found.Writes))
	}
	restart("restart, all in place", results.Restart)
	line(fmt.Sprintf("and %d foreign Secrets of %d bytes", results.Foreign.Count, results.Foreign.Bytes), results.Foreign.After, "", "", "", "")
	restart("restart with those", results.Foreign.Restart)
	stops := make([]string, len(results.Stops))
	for i, took := range results.Stops {
		stops[i] = fmt.Sprintf("%.3f", took)
	}
	return t.String() + "\nEnds on SIGTERM took " + strings.Join(stops, ", ") + " s, all with exit code 0.\n"
}

func (r Report) aims() string {
	t := table{head: []string{"aim", "wanted", "measured", "reached"}}
	for _, aim := range r.Aims {
		t.row(aim.What, aim.Wanted, aim.Measured, map[bool]string{true: "yes", false: "**NO**"}[aim.Reached])
	}
	return t.String()
}

func (r Report) last() phases.Round {
	if len(r.Results.Rounds) == 0 {
		return phases.Round{}
	}
	return r.Results.Rounds[len(r.Results.Rounds)-1]
}

func sum(requests measure.Counters) int {
	total := 0
	for _, count := range requests {
		total += count
	}
	return total
}
