#include <memory>

#include "cli/doctor/doctor.hpp"
#include "cli/exit_codes.hpp"

namespace icrps::cli {
namespace {

std::vector<Option> doctor_options(DoctorOptions& options) {
  std::vector<Option> all{
      {.names = "TARGET",
       .help = "NS or NS/POD to look at; with -n the name of a pod (default: every pod of the "
               "namespace that waits for an image)",
       .target = &options.target},
      {.names = "-n,--namespace",
       .value = "NS",
       .help = "The namespace to look at (default: the context's)",
       .target = &options.ns},
      {.names = "-A,--all-namespaces",
       .help = "Every pod of the cluster that waits for an image",
       .target = &options.all},
      {.names = "--image",
       .value = "IMAGE",
       .help = "Look at this image instead of those of the pod (repeat); without a pod as if a new "
               "one of the service account default used it",
       .target = &options.images},
      {.names = "--operator-namespace",
       .value = "NS",
       .help = "Where icr-pull-secrets runs (default: " + options.operator_namespace + ")",
       .target = &options.operator_namespace},
      {.names = "--config",
       .value = "FILE",
       .help = "The operator's configuration (default: that of its ConfigMap)",
       .target = &options.config_file},
      {.names = "--ca-file",
       .value = "FILE",
       .help = "Certificates (PEM) of the registries to trust instead of the system's (default: "
               "$ICR_PULL_SECRETS_CA_FILE, else `caFile` of client.yaml)",
       .target = &options.ca_file},
      {.names = "--timeout",
       .value = "TIME",
       .help = "How long registries are asked (default: " + options.timeout + ")",
       .target = &options.timeout},
      output_option(options.output)};
  for (auto& option : cluster_options(options)) all.push_back(std::move(option));
  return all;
}

}  // namespace

Command doctor_command() {
  const auto options = std::make_shared<DoctorOptions>();
  return {
      .name = "doctor",
      .summary =
          "Find out why pods don't get their images: one verdict and "
          "one thing to do",
      .synopsis =
          "[TARGET] [-n NS | -A] [--image IMAGE]… [--operator-namespace NS] [--config FILE] "
          "[--ca-file FILE] [--timeout TIME] [-o table|json] …",
      .options = doctor_options(*options),
      .examples = {{"icr-pull-secrets doctor shop/web-5d9f", "why this pod does not get its image"},
                   {"kubectl icr-pull doctor -A", "all pods that wait for an image"},
                   {"icr-pull-secrets doctor shop --image us.icr.io/team/app:1",
                    "whether a new pod there could pull this image"}},
      .exit_codes = {{kOk,
                      "every container that was looked at has its image, or can have it "
                      "now"},
                     {kFailure, "the pods could not be looked at"},
                     {kUsage, "the command line, the configuration or the kubeconfig is wrong"},
                     {kNotGood, "something is wrong: the verdict says what"}},
      .work = [options] { return doctor(*options); }};
}

}  // namespace icrps::cli
