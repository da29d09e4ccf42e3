// Package phases does the measuring.
package phases

import (
	"icr-pull-secrets/tests/bench/internal/measure"
)

// Results of one run of the benchmark.
type Results struct {
	Settings Settings  `json:"settings"`
	CopySize int       `json:"copy_bytes"` // of the request that creates one
	Rounds   []Round   `json:"rounds"`
	Latency  Latency   `json:"latency"`
	Noisy    Noisy     `json:"noisy"`
	Steady   []Steady  `json:"steady"`
	Drift    Drift     `json:"drift"`
	Idle     *Idle     `json:"idle,omitempty"`
	Restart  Restart   `json:"restart"`
	Foreign  Foreign   `json:"foreign"`
	Tokens   Tokens    `json:"tokens"`
	Stops    []float64 `json:"stops_s"` // on SIGTERM
}

// Pace is how a number of namespaces came to a state, as two watches saw it.
type Pace struct {
	Workers     int     `json:"workers,omitempty"` // of the loader
	Seconds     float64 `json:"seconds"`           // from the start to the last namespace
	FirstToLast float64 `json:"first_to_last_s"`   // from the first object to the last
	Rate        float64 `json:"rate"`              // namespaces per second in that time
	measure.Usage
}

// Operated is a pace of the operator's.
type Operated struct {
	Pace
	Raw      float64           `json:"raw_rate"` // the loader's best in the same round
	Ratio    float64           `json:"ratio"`
	Server   measure.Counters  `json:"requests_server"`   // as the API server counted them
	Operator measure.Counters  `json:"requests_operator"` // as the operator did
	Process  measure.Footprint `json:"process"`
	Deleted  int               `json:"deleted"` // copies that went on the way
}

// Round is one comparison of the loader and the operator.
type Round struct {
	RawOptIn    []Pace   `json:"raw_opt_in"`
	OptIn       Operated `json:"opt_in"`
	RawRotation []Pace   `json:"raw_rotation"`
	Rotation    Operated `json:"rotation"`
}

// Latency of namespaces that are created one after the other.
type Latency struct {
	Count int `json:"count"`
	Arrivals
	Requests measure.Counters `json:"requests_operator"`
	Others   float64          `json:"others_cores"`
}

// Arrivals are times since the answer to the creation of a namespace.
type Arrivals struct {
	Account  measure.Spread `json:"account"` // there: nobody can attach earlier
	Copy     measure.Spread `json:"copy"`
	Attached measure.Spread `json:"attached"`
	Patching measure.Spread `json:"patching"` // from the account to attached
}

// Drift is the repair of copies that somebody deleted.
type Drift struct {
	Count     int     `json:"count"`
	Seconds   float64 `json:"seconds"`           // from before the first deletion
	AfterLast float64 `json:"after_deletions_s"` // from the answer to the last one
}

// Idle is a time without events.
type Idle struct {
	Seconds  float64           `json:"seconds"`
	CPU      float64           `json:"cpu_s"`
	Requests measure.Counters  `json:"requests_operator"`
	Writes   int               `json:"writes_server"`
	Process  measure.Footprint `json:"process"`
}

// Restart is a start with everything in place.
type Restart struct {
	Ready    float64           `json:"ready_s"`
	CPU      float64           `json:"cpu_s"`
	Requests measure.Counters  `json:"requests_operator"`
	Writes   int               `json:"writes_server"`
	Process  measure.Footprint `json:"process"`
}

// Foreign is what Secrets of others cost.
type Foreign struct {
	Count   int               `json:"count"`
	Bytes   int               `json:"bytes"`
	Before  measure.Footprint `json:"before"`
	After   measure.Footprint `json:"after"`
	Restart Restart           `json:"restart"`
}

// Noisy is a comparison of new namespaces by themselves and beside one that is
// edited all the time.
type Noisy struct {
	Count        int       `json:"count"` // of each
	Quiet        Arrivals  `json:"quiet"`
	Strange      Arrivals  `json:"strange"` // the edits are nobody's business
	Noisy        Arrivals  `json:"noisy"`   // they are the operator's
	EditsAMinute []float64 `json:"edits_a_minute"`
}

// Steady is a comparison of a roll-out by itself and beside a namespace that
// changes once a second.
type Steady struct {
	Quiet  Pace `json:"quiet"`
	Beside Pace `json:"beside"`
}

// Tokens is what access tokens cost, which replace each other all day.
type Tokens struct {
	CopySize int            `json:"copy_bytes"`
	Rounds   []RefreshRound `json:"rounds"`
	Timed    Timed          `json:"timed"`
	FailOver FailOver       `json:"fail_over"`
	Crowd    Crowd          `json:"crowd"`
}

// Refreshed is one refresh of the token that all namespaces hold.
type Refreshed struct {
	Operated
	TokenCalls int `json:"iam_token_calls"` // as IAM's double counted them
}

// RefreshRound is one comparison of the loader and the operator.
type RefreshRound struct {
	Refresh Refreshed `json:"refresh"`
	Raw     []Pace    `json:"raw"`
}

// Timed is a refresh that nobody asked for.
type Timed struct {
	Refreshed
	Lifetime int     `json:"token_seconds"` // of the token before
	After    float64 `json:"after_s"`       // from the call for that one until the first copy has the next
}

// FailOver is what the successor of a killed operator does with a token in place.
type FailOver struct {
	Ready      float64          `json:"ready_s"`
	Server     measure.Counters `json:"requests_server"`
	TokenCalls int              `json:"iam_token_calls"`
}

// Crowd is a comparison of new namespaces by themselves and in a roll-out.
type Crowd struct {
	Quiet      Arrivals `json:"quiet"`
	Busy       Arrivals `json:"busy"`
	QuietCount int      `json:"quiet_count"`
	BusyCount  int      `json:"busy_count"`
	RollOuts   int      `json:"roll_outs"`
	Others     float64  `json:"others_cores"` // in the roll-outs
}
