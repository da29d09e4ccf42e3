package phases

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"icr-pull-secrets/tests/bench/internal/cluster"
	"icr-pull-secrets/tests/bench/internal/fleet"
	"icr-pull-secrets/tests/bench/internal/iam"
	"icr-pull-secrets/tests/bench/internal/measure"
	"icr-pull-secrets/tests/bench/internal/operator"
)

// Settings say how much is measured.
type Settings struct {
	Namespaces   int           `json:"namespaces"`
	Rounds       int           `json:"rounds"`
	New          int           `json:"new_namespaces"`
	Deleted      int           `json:"deleted_copies"`
	Idle         time.Duration `json:"idle"`
	Foreign      int           `json:"foreign_secrets"`
	ForeignBytes int           `json:"foreign_bytes"`
	Limit        time.Duration `json:"limit"`         // for a phase: who needs longer is wrong
	TokenSeconds int           `json:"token_seconds"` // the life of the one token that ends soon
}

// FollowNamespaces sets what was left open by how many namespaces there are.
// A slow API server writes to 50 of them in a second, and a token that has not
// reached all before its next one is due is a measurement of nothing: it is due
// after half of its life at the earliest.
func (s *Settings) FollowNamespaces() {
	const leastToken, leastLimit = 40, 2 * time.Minute
	if s.TokenSeconds == 0 {
		s.TokenSeconds = max(leastToken, s.Namespaces/25)
	}
	if s.Limit == 0 {
		s.Limit = leastLimit + time.Duration(s.Namespaces)*20*time.Millisecond + time.Duration(s.TokenSeconds)*time.Second
	}
}

// Keys are the API keys between which the source changes.
var Keys = [2]string{"bench-key-one-0123456789abcdefghijklmnopqrst", "bench-key-two-0123456789abcdefghijklmnopqrst"}

const (
	settleLimit = 15 * time.Second
	probe       = "bench-probe"
	foreign     = "bench-foreign"
)

// Bench holds what the phases share.
type Bench struct {
	Settings Settings
	Client   *cluster.Client
	Meter    measure.Meter
	Launcher operator.Launcher
	Double   *iam.Double
	Say      func(format string, args ...any)

	secrets, accounts *cluster.Watch
	fleet             fleet.Fleet
	contents          [2]fleet.Content
	key               int               // the number of the one that the source holds
	process           *operator.Process // nil: none runs
	results           Results
}

// Run goes through all phases. An error means that the operator, or something
// around it, did not do what it should.
func (b *Bench) Run(ctx context.Context) (Results, error) {
	defer func() {
		if b.process != nil {
			_ = b.process.Kill()
		}
	}()
	b.results.Settings = b.Settings
	for _, phase := range []func(context.Context) error{
		b.prepare, b.rounds, b.restarted, b.latency, b.noisy, b.steady, b.drift, b.idle, b.stop,
		b.restarts, b.tokens,
	} {
		if err := phase(ctx); err != nil {
			return b.results, err
		}
	}
	return b.results, nil
}

// prepare lets the operator serve one namespace, to learn what a copy looks
// like, and makes the fleet.
func (b *Bench) prepare(ctx context.Context) error {
	var err error
	if b.secrets, err = cluster.StartWatch(ctx, b.Client, "secrets", fleet.CopySelector); err != nil {
		return err
	}
	if b.accounts, err = cluster.StartWatch(ctx, b.Client, "serviceaccounts", ""); err != nil {
		return err
	}
	for _, namespace := range []string{operator.Namespace, foreign} {
		if err := b.namespace(ctx, namespace); err != nil {
			return err
		}
	}
	if err := b.learn(ctx); err != nil {
		return fmt.Errorf("the operator serves no namespace at all: %w", err)
	}
	b.results.CopySize = b.contents[0].Bytes()
	b.fleet = fleet.Fleet{Client: b.Client, Names: fleet.Names("bench", b.Settings.Namespaces)}
	b.Say("creating %d namespaces", b.Settings.Namespaces)
	return b.fleet.Create(ctx, b.accounts, b.Settings.Limit)
}

func (b *Bench) learn(ctx context.Context) error {
	if err := b.source(ctx, 0); err != nil {
		return err
	}
	one := fleet.Fleet{Client: b.Client, Names: []string{probe}}
	if err := one.Create(ctx, b.accounts, b.Settings.Limit); err != nil {
		return err
	}
	if err := b.start(); err != nil {
		return err
	}
	for i, key := range Keys {
		if err := b.source(ctx, i); err != nil {
			return err
		}
		err := b.eventually(ctx, func() (err error) {
			copies, err := one.Copies(ctx)
			if err == nil {
				b.contents[i], err = fleet.ContentOf(copies[probe], key)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := b.Client.Delete(ctx, "/api/v1/namespaces/"+probe); err != nil {
		return err
	}
	return b.stop(ctx)
}

func (b *Bench) namespace(ctx context.Context, name string) error {
	body := cluster.Encode(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]string{"name": name}})
	return b.Client.Post(ctx, "/api/v1/namespaces", body)
}

// source hands out one of the keys; the time is that of the answer.
func (b *Bench) source(ctx context.Context, number int) error {
	b.key = number
	return fleet.Source(ctx, b.Client, operator.Namespace, operator.SourceName, operator.SourceKey, Keys[number])
}

// otherSource hands out the key that is not in the source.
func (b *Bench) otherSource(ctx context.Context) error { return b.source(ctx, 1-b.key) }

func (b *Bench) start() (err error) {
	b.process, err = b.Launcher.Start(operator.Keys)
	return err
}

func (b *Bench) stop(context.Context) error {
	took, err := b.process.Stop()
	b.process = nil
	b.results.Stops = append(b.results.Stops, took.Seconds())
	return err
}

func (b *Bench) pid() measure.PID {
	if b.process == nil {
		return 0
	}
	return b.process.PID()
}

func (b *Bench) settle() { b.Meter.Settle(b.pid(), settleLimit) }

// requests are what the API server counted for the resources in question,
// watches left out: those are counted when they end.
func (b *Bench) requests(ctx context.Context) (measure.Counters, error) {
	text, err := b.Client.Do(ctx, http.MethodGet, "/metrics", "", nil)
	if err != nil {
		return nil, err
	}
	return measure.Sum(text, "apiserver_request_total", []string{"verb", "resource", "code"}, func(labels map[string]string) bool {
		switch labels["resource"] {
		case "namespaces", "secrets", "serviceaccounts", "configmaps", "events":
			return labels["subresource"] == "" && labels["verb"] != "WATCH"
		}
		return false
	}), nil
}

var writing = []string{"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"}

func (b *Bench) eventually(ctx context.Context, attempt func() error) error {
	const pause = 20 * time.Millisecond
	var err error
	for end := time.Now().Add(b.Settings.Limit); time.Now().Before(end); {
		if err = attempt(); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(pause)
	}
	return err
}
