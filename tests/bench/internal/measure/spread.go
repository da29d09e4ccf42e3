package measure

import (
	"math"
	"slices"
	"time"
)

// Spread is a set of durations in milliseconds.
type Spread struct {
	Median float64 `json:"median_ms"`
	P99    float64 `json:"p99_ms"`
	Max    float64 `json:"max_ms"`
}

// SpreadOf sorts times.
func SpreadOf(times []time.Duration) Spread {
	if len(times) == 0 {
		return Spread{}
	}
	slices.Sort(times)
	at := func(share float64) float64 {
		index := int(math.Ceil(share*float64(len(times)))) - 1
		return float64(times[max(0, index)]) / float64(time.Millisecond)
	}
	return Spread{at(0.5), at(0.99), at(1)}
}

// Median of values; of an even number the lower of the two in the middle.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}
