#include <memory>

#include "cli/exit_codes.hpp"
#include "cli/run/run.hpp"

namespace icrps::cli {

Command run_command() {
  const auto options = std::make_shared<RunOptions>();
  return {.name = "run",
          .summary = "Run the operator",
          .synopsis = "--config FILE [--listen ADDR:PORT] [--config-map NAME] …",
          .options = with_common(
              *options,
              {{.names = "--listen",
                .value = "ADDR:PORT",
                .help = "Where /livez, /readyz and /metrics are served (default: " +
                        options->listen + ")",
                .target = &options->listen},
               {.names = "--config-map",
                .value = "NAME",
                .help = "The ConfigMap in the operator's namespace that the file of --config is "
                        "mounted from: a change of it is in force without waiting for the kubelet",
                .target = &options->config_map}}),
          .examples = {{"icr-pull-secrets run --config config.yaml --kubeconfig ~/.kube/config",
                        "the operator outside of the cluster, for a trial"}},
          .exit_codes = {{kOk, "stopped by SIGTERM or SIGINT; writes in flight were finished"},
                         {kFailure, "it can't run, or a second signal came"},
                         {kUsage, "the command line, the configuration or the kubeconfig is wrong"},
                         {kLeaseLost, "this replica led and lost its lease"}},
          .needs = Needs::kSignals,
          .work = [options] { return run(*options); }};
}

}  // namespace icrps::cli
