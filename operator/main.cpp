// Subcommands; each is one file in cli/.
#include <fmt/core.h>
#include <malloc.h>

#include <CLI/CLI.hpp>

#include "cli/exit_codes.hpp"
#include "cli/options.hpp"
#include "cli/run.hpp"
#include "http/transport_cpprest.hpp"
#include "runtime/signals.hpp"

namespace {

using namespace icrps;

void add_common_options(CLI::App& command, cli::CommonOptions& options) {
  command.add_option("--config", options.config_file, "The operator's configuration (YAML)")
      ->required();
  command.add_option("--kubeconfig", options.kubeconfig_file,
                     "How to reach the cluster (default: $KUBECONFIG, else the pod's service "
                     "account)");
  command.add_option("--namespace", options.own_namespace,
                     "The operator's own namespace, where the source Secrets are (default: the "
                     "pod's, else the context's)");
}

/// Before anything allocates much or starts a thread.
void prepare_process() {
  constexpr int kArenas = 2;  // threads that wait most of the time need no heap each
  mallopt(M_ARENA_MAX, kArenas);
  block_termination_signals();
  http::initialize_http();
}

int parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help
    app.exit(asked);
    return cli::kOk;
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return cli::kUsage;
  }
  return -1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Keeps pull secrets for IBM Cloud Container Registry right in every namespace that "
      "asks for them.",
      "icr-pull-secrets");
  app.require_subcommand(1);

  cli::RunOptions run;
  auto* const run_command = app.add_subcommand("run", "Run the operator");
  add_common_options(*run_command, run);
  run_command->add_option(
      "--listen", run.listen,
      "Where /livez, /readyz and /metrics are served (default: " + run.listen + ")");
  auto* const version_command = app.add_subcommand("version", "Print version and revision");

  const int parsed = parse(app, argc, argv);
  if (parsed >= 0) return parsed;
  if (version_command->parsed()) {
    fmt::print("icr-pull-secrets {} ({})\n", ICRPS_VERSION, ICRPS_REVISION);
    return cli::kOk;
  }
  prepare_process();
  return cli::run(run);
}
