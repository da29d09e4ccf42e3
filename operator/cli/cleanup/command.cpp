#include <memory>

#include "cli/cleanup/cleanup.hpp"
#include "cli/exit_codes.hpp"

namespace icrps::cli {
namespace {

std::vector<Option> options_of(CleanupOptions& options) {
  return with_common(
      options,
      {{.names = "--dry-run",
        .help = "Only show what would be removed",
        .target = &options.dry_run},
       {.names = "--only",
        .value = "NS",
        .help = "Only in this namespace (repeat); what the operator keeps in its own namespace "
                "stays",
        .target = &options.only},
       all_namespaces_option(options.all_namespaces),
       {.names = "--stop-deployment",
        .value = "NAME",
        .help = "First scale this Deployment in the operator's namespace to 0, and wait until its "
                "pods are gone",
        .target = &options.stop_deployment},
       {.names = "--if-stopped",
        .value = "NAME",
        .help = "Do nothing unless this Deployment in the operator's namespace was scaled to 0, or "
                "is gone",
        .target = &options.if_stopped},
       {.names = "--helm-record",
        .value = "NAMESPACE/NAME",
        .help = "Do nothing unless this record of Helm's, NAMESPACE/sh.helm.release.v1.NAME.vN, "
                "or one a little later, says that its release is being uninstalled",
        .target = &options.helm_record},
       {.names = "--timeout",
        .value = "TIME",
        .help = "How long to try (default: " + options.timeout + ")",
        .target = &options.timeout}});
}

}  // namespace

Command cleanup_command() {
  const auto options = std::make_shared<CleanupOptions>();
  return {.name = "cleanup",
          .summary =
              "Remove everything that the operator wrote. Stop the operator first, or let "
              "--stop-deployment do it: one that runs writes it all again",
          .synopsis =
              "--config FILE [--dry-run] [--only NS]… [-A] [--stop-deployment NAME | "
              "--if-stopped NAME] [--helm-record NAMESPACE/NAME] [--timeout TIME] …",
          .options = options_of(*options),
          .examples = {{"icr-pull-secrets cleanup --config config.yaml --dry-run",
                        "what would be removed, and nothing else"},
                       {"icr-pull-secrets cleanup --config config.yaml --stop-deployment "
                        "icr-pull-secrets",
                        "stop the operator and remove all that it wrote"}},
          .exit_codes = {{kOk, "nothing is left"},
                         {kFailure, "the API server refuses or does not answer"},
                         {kUsage, "the command line, the configuration or the kubeconfig is wrong"},
                         {kNotGood, "something is left; a table says what and why"},
                         {kRefused,
                          "nothing proves that this is an uninstall: nothing was "
                          "removed"}},
          .needs = Needs::kSignals,
          .work = [options] { return cleanup(*options); }};
}

}  // namespace icrps::cli
