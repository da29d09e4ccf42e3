package measure

import (
	"os"
	"time"
)

// Usage is the processor time of one stretch of the benchmark, in seconds.
type Usage struct {
	Operator float64 `json:"operator_cpu_s"`
	Bench    float64 `json:"bench_cpu_s"`
	Server   float64 `json:"server_cpu_s"` // API server and etcd
	// Others is how many processors programs outside of the benchmark kept busy,
	// or the hypervisor took: well above zero makes a measurement worthless.
	Others float64 `json:"others_cores"`
}

// Meter measures processor time.
type Meter struct {
	Server  []PID // API server, etcd
	Manager []PID // the rest of the control plane, and the double of IAM
}

// Reading is the state of the clocks at one moment. The operator's may be
// absent: before it was started its clock stood at 0.
type Reading struct {
	at                               time.Time
	operator, bench, server, manager time.Duration
	machine                          time.Duration
}

// Read takes the clocks; operator is 0 when there is none.
func (m Meter) Read(operator PID) Reading {
	reading := Reading{at: time.Now(), bench: PID(os.Getpid()).CPU(), server: sum(m.Server), manager: sum(m.Manager), machine: busy()}
	if operator != 0 {
		reading.operator = operator.CPU()
	}
	return reading
}

// To is what was used between two readings.
func (r Reading) To(later Reading) Usage {
	usage := Usage{
		Operator: (later.operator - r.operator).Seconds(),
		Bench:    (later.bench - r.bench).Seconds(),
		Server:   (later.server - r.server).Seconds(),
	}
	known := usage.Operator + usage.Bench + usage.Server + (later.manager - r.manager).Seconds()
	if wall := later.at.Sub(r.at).Seconds(); wall > 0 {
		usage.Others = max(0, ((later.machine-r.machine).Seconds()-known)/wall)
	}
	return usage
}

func sum(processes []PID) time.Duration {
	var total time.Duration
	for _, process := range processes {
		total += process.CPU()
	}
	return total
}

// Settle waits until the control plane and the operator rest, at most limit.
func (m Meter) Settle(operator PID, limit time.Duration) {
	const (
		window = 250 * time.Millisecond
		rest   = 0.15 // of a core; an API server alone uses some of it
		calm   = 3    // windows in a row
	)
	quiet := 0
	for end := time.Now().Add(limit); quiet < calm && time.Now().Before(end); {
		before := m.Read(operator)
		time.Sleep(window)
		after := m.Read(operator)
		used := after.operator - before.operator + after.server - before.server + after.manager - before.manager
		if used.Seconds() < rest*window.Seconds() {
			quiet++
		} else {
			quiet = 0
		}
	}
}
