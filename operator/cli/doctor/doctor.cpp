#include "cli/doctor/doctor.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <optional>
#include <utility>

#include "cli/client/settings.hpp"
#include "cli/client/time_limit.hpp"
#include "cli/doctor/examination.hpp"
#include "cli/doctor/looking.hpp"
#include "cli/doctor/report.hpp"
#include "cli/exit_codes.hpp"
#include "cli/outside.hpp"
#include "cli/session.hpp"
#include "cli/setup.hpp"
#include "icr/regions.hpp"
#include "icr/text.hpp"

namespace icrps::cli {
namespace {

using diagnosis::ContainerView;
using diagnosis::PodView;

/// Where to look.
struct Target {
  std::string ns;   ///< empty: everywhere
  std::string pod;  ///< empty: all that wait for an image
};

tl::expected<Target, std::string> read_target(const DoctorOptions& options,
                                              const config::Cluster& cluster) {
  const auto& text = options.target;
  const auto wrong = [](const std::string& what, const std::string& name) {
    return tl::unexpected(icr::quoted(name) + " is not the name of a " + what +
                          "; accepted: NS or NS/POD, or with -n NS the name of a pod");
  };
  Target target;
  if (!options.ns.empty()) {
    target = {options.ns, text};
  } else if (const auto slash = text.find('/'); slash != std::string::npos) {
    target = {text.substr(0, slash), text.substr(slash + 1)};
    if (target.pod.empty()) return wrong("pod", target.pod);
  } else {
    target = {text, ""};
  }
  if (options.all) {
    if (target.ns.empty() && target.pod.empty()) return target;
    return tl::unexpected(std::string("-A looks at all namespaces; accepted: -A alone"));
  }
  if (target.ns.empty()) target.ns = cluster.ns.empty() ? "default" : cluster.ns;
  if (!icr::is_dns_label(target.ns)) return wrong("namespace", target.ns);
  if (!target.pod.empty() && !icr::is_dns_subdomain(target.pod)) return wrong("pod", target.pod);
  return target;
}

/// The pods to look at. With images and no pod there is one in mind, as its
/// account would have it.
tl::expected<std::vector<PodView>, std::string> pods_of(Looking& looking, const Target& target,
                                                        bool about_images) {
  if (!target.pod.empty()) {
    auto pod = looking.pod(target.ns, target.pod);
    if (!pod) return tl::unexpected(std::move(pod.error()));
    return std::vector<PodView>{std::move(*pod)};
  }
  if (about_images) {
    PodView pod;
    pod.ns = target.ns;
    pod.account = "default";
    pod.pull_secrets =
        looking.account_secrets(pod.ns, pod.account).value_or(std::vector<std::string>{});
    return std::vector<PodView>{std::move(pod)};
  }
  auto pods = looking.pods(target.ns);
  if (!pods) return pods;
  std::erase_if(*pods, [](const PodView& pod) { return !pod.waits_for_image(); });
  return pods;
}

std::vector<ContainerView> containers_of(const PodView& pod, const DoctorOptions& options,
                                         bool named) {
  std::vector<ContainerView> result;
  for (const auto& image : options.images) {
    ContainerView container;
    container.image = image;
    result.push_back(std::move(container));
  }
  if (!result.empty()) return result;
  for (const auto& container : pod.containers) {
    if (named || container.waits_for_image()) result.push_back(container);
  }
  return result;
}

tl::expected<Setup, std::string> read_setup(Looking& looking, const DoctorOptions& options) {
  Setup setup;
  setup.operator_namespace = options.operator_namespace;
  if (!options.config_file.empty()) {
    auto config = config::load_config(options.config_file);
    if (!config) return tl::unexpected(config.error().message);
    setup.config = std::move(*config);
    setup.known = true;
  } else if (auto config = looking.config()) {
    setup.config = std::move(*config);
    setup.known = true;
  }
  return setup;
}

/// The way to registries from here; files that the operator's configuration names are not here.
tl::expected<Outside, std::string> registries(const Settings& settings) {
  config::Config roads;
  roads.registry.ca_file = settings.ca_file;
  return roads_outside(roads, {[](auto, auto) {}});
}

int examine(kube::Client& client, const Clock& clock, const Target& target,
            const DoctorOptions& options, const Settings& settings) {
  Looking looking(client, options.operator_namespace);
  const auto setup = read_setup(looking, options);
  if (!setup) {
    complain(setup.error());
    return kUsage;
  }
  const auto outside = registries(settings);
  if (!outside) {
    complain(outside.error());
    return kUsage;
  }
  const auto pods = pods_of(looking, target, !options.images.empty());
  if (!pods) {
    complain("pods: " + pods.error());
    return kFailure;
  }
  const TimeLimit limit(settings.timeout);
  Examination examination(looking, outside->registries, *setup, clock, limit.token());
  std::vector<Finding> findings;
  for (const auto& pod : *pods) {
    for (const auto& container : containers_of(pod, options, !target.pod.empty())) {
      findings.push_back(examination.examine(pod, container));
    }
  }
  fmt::print("{}", options.output == "json" ? doctor_json(findings, looking.blind())
                                            : doctor_text(findings, looking.blind()));
  const bool fine = std::all_of(findings.begin(), findings.end(),
                                [](const Finding& finding) { return finding.verdict.fine; });
  return fine ? kOk : kNotGood;
}

}  // namespace

int doctor(const DoctorOptions& options) {
  ClientOptions client_options;
  client_options.ca_file = options.ca_file;
  client_options.timeout = options.timeout;
  const auto settings = read_settings(client_options, process_environment());
  if (!settings) {
    complain(settings.error());
    return kUsage;
  }
  return with_cluster(
      options, [&](kube::Client& client, const Clock& clock, const config::Cluster& cluster) {
        const auto target = read_target(options, cluster);
        if (!target) {
          complain(target.error());
          return kUsage;
        }
        return examine(client, clock, *target, options, *settings);
      });
}

}  // namespace icrps::cli
