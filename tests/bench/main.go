// Command bench measures the operator against the API server's own limit. It
// runs inside of a sandbox cluster; tests/bench/run starts both.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"icr-pull-secrets/tests/bench/internal/cluster"
	"icr-pull-secrets/tests/bench/internal/iam"
	"icr-pull-secrets/tests/bench/internal/measure"
	"icr-pull-secrets/tests/bench/internal/operator"
	"icr-pull-secrets/tests/bench/internal/phases"
	"icr-pull-secrets/tests/bench/internal/report"
)

type options struct {
	phases.Settings
	program, icrfront, commit, build, json, doc string
}

func parse() options {
	var o options
	flag.IntVar(&o.Namespaces, "n", 1000, "opted-in namespaces")
	flag.IntVar(&o.Rounds, "rounds", 3, "comparisons of the loader and the operator")
	flag.IntVar(&o.New, "new", 100, "namespaces that are created one after the other")
	flag.IntVar(&o.Deleted, "deleted", 20, "copies that are deleted")
	flag.DurationVar(&o.Idle, "idle", time.Minute, "how long to watch the operator do nothing; 0: not at all")
	flag.IntVar(&o.Foreign, "foreign", 2000, "Secrets of others")
	flag.IntVar(&o.ForeignBytes, "foreign-bytes", 10_000, "the size of each")
	flag.DurationVar(&o.Limit, "limit", 0, "the longest that a phase may take; 0: as many namespaces need")
	flag.IntVar(&o.TokenSeconds, "token-seconds", 0, "how long the one token lives whose end is waited for; 0: as many namespaces need")
	flag.StringVar(&o.icrfront, "icrfront", "", "the program of the double of IAM")
	flag.StringVar(&o.program, "operator", "", "the operator's program")
	flag.StringVar(&o.commit, "commit", "unknown", "what the report names as the commit")
	flag.StringVar(&o.build, "build", "unknown", "what the report says about the build")
	flag.StringVar(&o.json, "json", "", "file for everything that was measured")
	flag.StringVar(&o.doc, "doc", "", "Markdown file whose results are replaced")
	flag.Parse()
	o.Settings.FollowNamespaces()
	return o
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parse()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	sandbox := os.Getenv("SANDBOX_DIR")
	if sandbox == "" {
		return fmt.Errorf("this runs in a sandbox only: start tests/bench/run")
	}
	client, err := cluster.NewClient(os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	meter, err := meter(sandbox)
	if err != nil {
		return err
	}
	result, err := describe(ctx, client, o)
	if err != nil {
		return err
	}
	double, err := iam.Start(ctx, o.icrfront, filepath.Join(sandbox, "run"), phases.Keys[:])
	if err != nil {
		return err
	}
	defer double.Stop()
	meter.Manager = append(meter.Manager, double.PID())
	bench := phases.Bench{
		Settings: o.Settings, Client: client, Meter: meter, Double: double,
		Launcher: operator.Launcher{Program: o.program, Kubeconfig: os.Getenv("KUBECONFIG"), Dir: filepath.Join(sandbox, "run")},
		Say:      func(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) },
	}
	if result.Results, err = bench.Run(ctx); err != nil {
		showLog(bench.Launcher.LogFile())
		return err
	}
	result.Aims = report.Aims(result.Results)
	fmt.Print(result.Markdown())
	if o.json != "" {
		if err := result.WriteJSON(o.json); err != nil {
			return err
		}
	}
	if o.doc != "" {
		return result.UpdateDoc(o.doc)
	}
	return nil
}

func describe(ctx context.Context, client *cluster.Client, o options) (report.Report, error) {
	result := report.Report{
		Date: time.Now().UTC().Format(time.DateOnly), Machine: measure.ThisMachine(), Commit: o.commit, Etcd: etcdVersion(ctx),
	}
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := client.Get(ctx, "/version", &version); err != nil {
		return result, err
	}
	result.Server = version.GitVersion
	text, err := exec.CommandContext(ctx, o.program, "version").Output()
	if err != nil {
		return result, fmt.Errorf("%s version: %w", o.program, err)
	}
	result.Operator = strings.TrimPrefix(strings.TrimSpace(string(text)), "icr-pull-secrets ") + ", " + o.build
	return result, nil
}

// etcdVersion asks the sandbox's etcd; nobody else can reach it.
func etcdVersion(ctx context.Context) string {
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:2379/version", nil)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "unknown"
	}
	defer response.Body.Close()
	version := map[string]string{}
	if json.NewDecoder(response.Body).Decode(&version) != nil {
		return "unknown"
	}
	return version["etcdserver"]
}

func meter(sandbox string) (meter measure.Meter, err error) {
	pid := func(component string) measure.PID {
		text, failed := os.ReadFile(filepath.Join(sandbox, "run", component+".pid"))
		number, bad := strconv.Atoi(strings.TrimSpace(string(text)))
		if failed != nil || bad != nil {
			err = fmt.Errorf("the sandbox does not tell the process of %s", component)
		}
		return measure.PID(number)
	}
	meter.Server = []measure.PID{pid("kube-apiserver"), pid("etcd")}
	meter.Manager = []measure.PID{pid("kube-controller-manager")}
	return meter, err
}

func showLog(file string) {
	const last = 3000
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	text = text[max(0, len(text)-last):]
	fmt.Fprintf(os.Stderr, "bench: ---- end of the operator's log\n%s\nbench: ----\n", text)
}
