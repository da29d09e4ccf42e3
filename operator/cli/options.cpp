#include "cli/options.hpp"

#include <iterator>
#include <utility>

namespace icrps::cli {

std::vector<Option> cluster_options(ClusterOptions& options) {
  return {{.names = "--kubeconfig",
           .value = "FILE",
           .help = "How to reach the cluster (default: $KUBECONFIG, else ~/.kube/config, else the "
                   "pod's service account)",
           .target = &options.kubeconfig_file,
           .common = true},
          {.names = "--context",
           .value = "NAME",
           .help = "Of the kubeconfig (default: the current one)",
           .target = &options.context,
           .common = true}};
}

std::vector<Option> with_common(CommonOptions& options, std::vector<Option> more) {
  std::vector<Option> all{{.names = "--config",
                           .value = "FILE",
                           .help = "The operator's configuration (YAML)",
                           .target = &options.config_file,
                           .required = true}};
  auto cluster = cluster_options(options);
  std::move(cluster.begin(), cluster.end(), std::back_inserter(all));
  all.push_back(
      {.names = "-n,--namespace",
       .value = "NS",
       .help = "The operator's own namespace, where the source Secrets are (default: the pod's, "
               "else the context's)",
       .target = &options.own_namespace,
       .common = true});
  std::move(more.begin(), more.end(), std::back_inserter(all));
  return all;
}

Option all_namespaces_option(bool& all) {
  return {.names = "-A,--all-namespaces",
          .help = "All namespaces: as it is without --only",
          .target = &all};
}

Option output_option(std::string& output) {
  return {.names = "-o,--output",
          .value = "table|json",
          .help = "How to print it (default: table)",
          .target = &output,
          .accepted = {"table", "json"}};
}

}  // namespace icrps::cli
