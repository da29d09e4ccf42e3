#include "cli/options.hpp"

#include <iterator>

namespace icrps::cli {

std::vector<Option> with_common(CommonOptions& options, std::vector<Option> more) {
  std::vector<Option> all{
      {.names = "--config",
       .value = "FILE",
       .help = "The operator's configuration (YAML)",
       .target = &options.config_file,
       .required = true},
      {.names = "--kubeconfig",
       .value = "FILE",
       .help = "How to reach the cluster (default: $KUBECONFIG, else ~/.kube/config, else the "
               "pod's service account)",
       .target = &options.kubeconfig_file,
       .common = true},
      {.names = "--context",
       .value = "NAME",
       .help = "Of the kubeconfig (default: the current one)",
       .target = &options.context,
       .common = true},
      {.names = "-n,--namespace",
       .value = "NS",
       .help = "The operator's own namespace, where the source Secrets are (default: the pod's, "
               "else the context's)",
       .target = &options.own_namespace,
       .common = true}};
  std::move(more.begin(), more.end(), std::back_inserter(all));
  return all;
}

Option output_option(std::string& output) {
  return {.names = "-o,--output",
          .value = "table|json",
          .help = "How to print it (default: table)",
          .target = &output,
          .accepted = {"table", "json"}};
}

}  // namespace icrps::cli
