// Subcommands; each is one file in cli/.
#include <fmt/core.h>
#include <malloc.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>

#include "cli/cleanup.hpp"
#include "cli/exit_codes.hpp"
#include "cli/options.hpp"
#include "cli/plan.hpp"
#include "cli/rotate.hpp"
#include "cli/run.hpp"
#include "cli/status.hpp"
#include "cli/verify.hpp"
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
  ::prctl(PR_SET_DUMPABLE, 0);  // credentials are in its memory
  block_signals();
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

CLI::App& add_run(CLI::App& app, cli::RunOptions& options) {
  auto* const command = app.add_subcommand("run", "Run the operator");
  add_common_options(*command, options);
  command->add_option(
      "--listen", options.listen,
      "Where /livez, /readyz and /metrics are served (default: " + options.listen + ")");
  command->add_option("--config-map", options.config_map,
                      "The ConfigMap in the operator's namespace that the file of --config is "
                      "mounted from: a change of it is in force without waiting for the kubelet");
  return *command;
}

CLI::App& add_status(CLI::App& app, cli::StatusOptions& options) {
  auto* const command =
      app.add_subcommand("status", "Show each credential: revision, roll-out, expiry, last proof");
  add_common_options(*command, options);
  command->add_option("-o,--output", options.output, "table (default) or json")
      ->check(CLI::IsMember({"table", "json"}));
  return *command;
}

CLI::App& add_verify(CLI::App& app, cli::VerifyOptions& options) {
  auto* const command =
      app.add_subcommand("verify", "Prove each credential at IAM and at each registry");
  add_common_options(*command, options);
  command->add_option("--credential", options.credential, "Only this one");
  command->add_option("--host", options.hosts,
                      "Only at this registry host (repeat; default: those it is for)");
  command->add_option("--image", options.image,
                      "Also prove that this image can be pulled: us.icr.io/team/app:1");
  return *command;
}

CLI::App& add_rotate(CLI::App& app, cli::RotateOptions& options) {
  auto* const command =
      app.add_subcommand("rotate", "Ask the operator to rotate a service ID's API key now");
  add_common_options(*command, options);
  command->add_option("--credential", options.credential, "Which one (source serviceId)")
      ->required();
  return *command;
}

CLI::App& add_plan(CLI::App& app, cli::PlanOptions& options) {
  auto* const command =
      app.add_subcommand("plan", "Show what the operator would write, and why; writes nothing");
  add_common_options(*command, options);
  command->add_option("-o,--output", options.output, "table (default) or json")
      ->check(CLI::IsMember({"table", "json"}));
  command->add_option("--only", options.only, "Only this namespace (repeat)");
  command->add_flag("--all", options.all, "Also namespaces where nothing would change");
  command->add_flag("--fail-on-change", options.fail_on_change,
                    "Exit with 3 when something would change");
  return *command;
}

CLI::App& add_cleanup(CLI::App& app, cli::CleanupOptions& options) {
  auto* const command = app.add_subcommand(
      "cleanup",
      "Remove everything that the operator wrote. Stop the operator first, or let "
      "--stop-deployment do it: one that runs writes it all again");
  add_common_options(*command, options);
  command->add_flag("--dry-run", options.dry_run, "Only show what would be removed");
  command->add_option("--only", options.only,
                      "Only in this namespace (repeat); what the operator keeps in its own "
                      "namespace stays");
  command->add_option("--stop-deployment", options.stop_deployment,
                      "First scale this Deployment in the operator's namespace to 0, and wait "
                      "until its pods are gone");
  command->add_option("--if-stopped", options.if_stopped,
                      "Do nothing unless this Deployment in the operator's namespace was scaled to "
                      "0, or is gone");
  command->add_option(
      "--helm-record", options.helm_record,
      "Do nothing unless this record of Helm's, NAMESPACE/sh.helm.release.v1.NAME.vN, "
      "or one a little later, says that its release is being uninstalled");
  command->add_option("--timeout", options.timeout,
                      "How long to try (default: " + options.timeout + ")");
  return *command;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Keeps pull secrets for IBM Cloud Container Registry right in every namespace that "
      "asks for them.",
      "icr-pull-secrets");
  app.require_subcommand(1);

  cli::RunOptions run;
  cli::StatusOptions status;
  cli::VerifyOptions verify;
  cli::RotateOptions rotate;
  cli::PlanOptions plan;
  cli::CleanupOptions cleanup;
  const auto& run_command = add_run(app, run);
  const auto& status_command = add_status(app, status);
  const auto& verify_command = add_verify(app, verify);
  add_rotate(app, rotate);
  const auto& plan_command = add_plan(app, plan);
  const auto& cleanup_command = add_cleanup(app, cleanup);
  const auto* const version_command = app.add_subcommand("version", "Print version and revision");

  const int parsed = parse(app, argc, argv);
  if (parsed >= 0) return parsed;
  if (version_command->parsed()) {
    fmt::print("icr-pull-secrets {} ({})\n", ICRPS_VERSION, ICRPS_REVISION);
    return cli::kOk;
  }
  prepare_process();
  if (run_command.parsed()) return cli::run(run);
  if (plan_command.parsed()) return cli::show_plan(plan);
  if (cleanup_command.parsed()) return cli::cleanup(cleanup);
  unblock_signals();  // the others have nothing to finish
  if (status_command.parsed()) return cli::status(status);
  if (verify_command.parsed()) return cli::verify(verify);
  return cli::rotate(rotate);
}
