// Package operator starts and stops the program that is measured.
package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"icr-pull-secrets/tests/bench/internal/measure"
)

// Names that the configuration below gives to things.
const (
	Namespace  = "icr-pull-secrets"
	SourceName = "icr-api-key"
	SourceKey  = "apikey"
	listen     = "127.0.0.1:18080"
)

const (
	head = `apiVersion: icr-pull-secrets/v1alpha1
kind: OperatorConfiguration
`
	source = `{secretRef: {name: ` + SourceName + `, key: ` + SourceKey + `}}`
)

// Keys is a configuration that hands out API keys as they are: nobody is there
// to prove them.
const Keys = head + `proof: off
credentials:
- name: default
  apiKey: ` + source + `
`

// Tokens is one that hands out access tokens, proved, by an IAM and registries
// that have their certificates from this authority.
func Tokens(caFile string) string {
	return head + `iam: {caFile: ` + caFile + `}
registry: {caFile: ` + caFile + `}
credentials:
- name: default
  accessToken: {apiKey: ` + source + `}
`
}

const (
	stopLimit  = 30 * time.Second
	readyLimit = 60 * time.Second
	readyPoll  = 2 * time.Millisecond
)

// Launcher starts the operator, with its defaults but for the configuration.
type Launcher struct {
	Program    string
	Kubeconfig string
	Dir        string // for its configuration and its log
}

// Process is a running operator.
type Process struct {
	Started time.Time
	command *exec.Cmd
	log     *os.File
	ended   chan error
}

// Start returns as soon as there is a process.
func (l Launcher) Start(configuration string) (*Process, error) {
	config := filepath.Join(l.Dir, "config.yaml")
	if err := os.WriteFile(config, []byte(configuration), 0o600); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(l.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	command := exec.Command(l.Program, "run", "--config", config, "--kubeconfig", l.Kubeconfig,
		"--namespace", Namespace, "--listen", listen)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	process := &Process{Started: time.Now(), command: command, log: log, ended: make(chan error, 1)}
	if err := command.Start(); err != nil {
		log.Close()
		return nil, err
	}
	go func() { process.ended <- command.Wait() }()
	return process, nil
}

// LogFile is where the operator's lines go.
func (l Launcher) LogFile() string { return filepath.Join(l.Dir, "operator.log") }

// PID is the operator's.
func (p *Process) PID() measure.PID { return measure.PID(p.command.Process.Pid) }

// Stop sends SIGTERM and returns how long the end took. An exit code that is
// not 0 is an error.
func (p *Process) Stop() (time.Duration, error) {
	defer p.log.Close()
	begun := time.Now()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("the operator had ended by itself: %w", errors.Join(err, <-p.ended))
	}
	select {
	case err := <-p.ended:
		if err != nil {
			err = fmt.Errorf("the operator's end on SIGTERM: %w", err)
		}
		return time.Since(begun), err
	case <-time.After(stopLimit):
		return stopLimit, errors.Join(fmt.Errorf("the operator ignores SIGTERM for %s", stopLimit), p.Kill())
	}
}

// Kill ends an operator that nobody needs any more.
func (p *Process) Kill() error { return p.command.Process.Kill() }

// Crash kills the operator and returns when it is gone.
func (p *Process) Crash() error {
	defer p.log.Close()
	err := p.Kill()
	<-p.ended
	return err
}

// Ready waits until the operator says it is, and returns the time since its start.
func (p *Process) Ready(ctx context.Context) (time.Duration, error) {
	for time.Since(p.Started) < readyLimit {
		if _, err := fetch(ctx, "/readyz"); err == nil {
			return time.Since(p.Started), nil
		}
		time.Sleep(readyPoll)
	}
	return 0, fmt.Errorf("the operator is not ready after %s", readyLimit)
}

// Requests are those that the operator says it made, as "VERB resource code".
func (p *Process) Requests(ctx context.Context) (measure.Counters, error) {
	text, err := fetch(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	everything := func(map[string]string) bool { return true }
	return measure.Sum(text, "icr_pull_secrets_api_requests_total", []string{"verb", "resource", "code"}, everything), nil
}

func fetch(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listen+path, nil)
	if err != nil {
		return nil, err
	}
	request.Close = true // an open connection would be one more of the operator's files
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %.200s", path, response.StatusCode, body)
	}
	return body, err
}
