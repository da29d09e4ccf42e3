// From a container that waits to all that is known about it. Asks the API
// server through a Looking, and the registry with the very entries that the
// kubelet would take.
//
// Not thread safe.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "cli/doctor/looking.hpp"
#include "diagnosis/verdict.hpp"
#include "iam/registry_probe.hpp"
#include "runtime/clock.hpp"

namespace icrps::cli {

/// What was found about one container, with its verdict.
struct Finding {
  std::string container;  ///< empty: an image alone was asked about
  std::string node;
  std::string reason;  ///< the kubelet's: "ImagePullBackOff"
  diagnosis::Facts facts;
  diagnosis::Verdict verdict;
};

/// The rules that namespaces are held to.
struct Setup {
  config::Config config;
  bool known = false;  ///< false: the operator's defaults
  std::string operator_namespace;
};

class Examination {
 public:
  /// All outlive this. No registry is asked any more once `stop` is requested.
  Examination(Looking& looking, const iam::RegistryProbe& registries, const Setup& setup,
              const Clock& clock, std::stop_token stop)
      : looking_(looking),
        registries_(registries),
        setup_(setup),
        clock_(clock),
        stop_(std::move(stop)) {}

  Finding examine(const diagnosis::PodView& pod, const diagnosis::ContainerView& container);

 private:
  void look_at_secrets(const diagnosis::PodView& pod, diagnosis::Facts& facts);
  void ask(diagnosis::Entry& entry, const icr::Login& login, const std::string& image,
           const std::string& ns);
  diagnosis::GapReport gap(const diagnosis::PodView& pod, const std::string& image);

  Looking& looking_;
  const iam::RegistryProbe& registries_;
  const Setup& setup_;
  const Clock& clock_;
  const std::stop_token stop_;
  std::map<std::string, diagnosis::Entry> asked_;  // by namespace, Secret, entry and image
};

}  // namespace icrps::cli
