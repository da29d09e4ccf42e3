// Package iam starts the tests' double of IBM Cloud: IAM, and the front of the
// registries, at their real names.
package iam

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"icr-pull-secrets/tests/bench/internal/measure"
)

// listen is where the sandbox's host names lead.
const listen = ":443"

// Double is a running one.
type Double struct {
	CAFile  string
	control string
	command *exec.Cmd
}

// Start returns when the double serves; it knows these API keys. It ends with
// this program, if not before.
func Start(ctx context.Context, program, dir string, apiKeys []string) (*Double, error) {
	work := filepath.Join(dir, "icrfront")
	if err := os.MkdirAll(work, 0o700); err != nil {
		return nil, err
	}
	command := exec.Command(program, "-listen", listen, "-work", work)
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	double := &Double{command: command}
	if err := double.connect(ctx, output, apiKeys); err != nil {
		double.Stop()
		return nil, fmt.Errorf("the double of IAM: %w", err)
	}
	return double, nil
}

// connect reads the line that says where everything is.
func (d *Double) connect(ctx context.Context, output io.Reader, apiKeys []string) error {
	text, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("it does not start: %w", err)
	}
	var line struct{ Control, CA string }
	if err := json.Unmarshal(text, &line); err != nil {
		return err
	}
	d.control, d.CAFile = line.Control, line.CA
	keys := make([]map[string]string, len(apiKeys))
	for i, key := range apiKeys {
		keys[i] = map[string]string{"user": "iamapikey", "secret": key, "id": fmt.Sprintf("ApiKey-bench-%d", i)}
	}
	return d.set(ctx, map[string]any{"keys": keys})
}

// Stop ends it.
func (d *Double) Stop() {
	_ = d.command.Process.Kill()
	_ = d.command.Wait()
}

// PID is the double's.
func (d *Double) PID() measure.PID { return measure.PID(d.command.Process.Pid) }

// TokenSeconds sets how long the tokens live that are issued from now on; 0: as usual.
func (d *Double) TokenSeconds(ctx context.Context, seconds int) error {
	var value any
	if seconds > 0 {
		value = seconds
	}
	return d.set(ctx, map[string]any{"tokenSeconds": value})
}

// TokenCalls is how often IAM was asked for a token so far.
func (d *Double) TokenCalls(ctx context.Context) (int, error) {
	body, err := d.do(ctx, http.MethodGet, "/state", nil)
	if err != nil {
		return 0, err
	}
	var state struct {
		TokenCalls map[string]int `json:"tokenCalls"`
	}
	if err := json.Unmarshal(body, &state); err != nil {
		return 0, err
	}
	calls := 0
	for _, count := range state.TokenCalls {
		calls += count
	}
	return calls, nil
}

func (d *Double) set(ctx context.Context, fields map[string]any) error {
	body, err := json.Marshal(fields)
	if err == nil {
		_, err = d.do(ctx, http.MethodPatch, "/settings", body)
	}
	return err
}

func (d *Double) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, d.control+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: status %d: %.200s", method, path, response.StatusCode, text)
	}
	return text, err
}
