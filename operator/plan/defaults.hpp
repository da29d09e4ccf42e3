// What the operator's configuration says about every namespace. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "icr/regions.hpp"
#include "plan/limits.hpp"

namespace icrps::plan {

/// The namespaces of Kubernetes, OpenShift, IBM Cloud and Calico themselves, as names and globs.
[[nodiscard]] std::vector<std::string> system_namespaces();

/// Who takes part without having asked: a namespace whose annotation says nothing.
struct OptIn {
  enum class Mode : std::uint8_t {
    kAnnotation,  ///< nobody
    kSelector,    ///< those that `selector` selects
    kAll,
  };
  Mode mode = Mode::kAnnotation;
  LabelSelector selector;
  std::string regions;  ///< what such a namespace gets, in the words of the annotation
  std::vector<std::string> exclude = system_namespaces();  ///< these must ask themselves
  friend bool operator==(const OptIn&, const OptIn&) = default;
};

/// Whether the namespace takes part if it says nothing itself. `labels`: those of label_keys() are
/// enough.
[[nodiscard]] bool takes_part(const OptIn& opt_in, const std::string& ns, const Labels& labels);

/// How pods come to the Secrets.
enum class Attach : std::uint8_t {
  kServiceAccounts,  ///< by the service accounts that the operator adds them to
  kPodsOnly,         ///< by an admission policy; no service account names them
};

/// What becomes of a Secret of our name that is somebody else's.
enum class Conflict : std::uint8_t {
  kSkip,   ///< it is left alone
  kAdopt,  ///< it becomes ours where it can
};

/// What holds where an annotation says nothing.
struct Defaults {
  icr::Endpoints endpoints = icr::Endpoints::kPublic;
  std::vector<std::string> service_accounts{"default"};
  OptIn opt_in{};
};

}  // namespace icrps::plan
