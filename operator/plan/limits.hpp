// Who may use a credential, and for what. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "icr/regions.hpp"

namespace icrps::plan {

using Labels = std::map<std::string, std::string>;

/// One condition of a label selector (meta/v1 LabelSelectorRequirement; a matchLabels entry is kIn
/// with one value). As in Kubernetes kNotIn and kDoesNotExist also hold where there is no such
/// label.
struct LabelRequirement {
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist };
  std::string key;
  Operator op = Operator::kIn;
  std::vector<std::string> values;
  friend bool operator==(const LabelRequirement&, const LabelRequirement&) = default;
};

/// All must hold; an empty one selects everything.
using LabelSelector = std::vector<LabelRequirement>;

[[nodiscard]] bool matches(const LabelSelector& selector, const Labels& labels);

/// The default is no limit at all.
struct Limits {
  std::vector<std::string> namespaces{"*"};  ///< names and globs
  std::optional<LabelSelector> selector;     ///< of namespaces; instead of the globs
  /// The hosts it may be written for: what `regions` means, by all their names. Absent: any.
  std::optional<icr::Hosts> hosts;
  /// Registry namespaces; the entries become "us.icr.io/team". Empty: whole hosts.
  std::vector<std::string> registry_namespaces;
  /// Hosts that this credential is for whatever regions a namespace asks for (source `basic`).
  /// Empty: the hosts that the namespace asks for.
  icr::Hosts fixed_hosts;
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// `labels`: of the namespace; those of label_keys() are enough.
[[nodiscard]] bool may_use(const Limits& limits, const std::string& ns, const Labels& labels);

/// What of the hosts that a namespace asks for this credential serves; empty: nothing. Fixed hosts
/// are served whatever is asked for.
[[nodiscard]] icr::Hosts served_hosts(const Limits& limits, const icr::Hosts& asked);

/// The keys of the dockerconfigjson for these hosts: the hosts themselves, or one path per
/// registry namespace, without a slash at its end (docs/decisions/0023-registry-namespaces.md).
[[nodiscard]] std::set<std::string> auth_keys(const Limits& limits, const icr::Hosts& hosts);

/// Every label that a selector looks at, once: what has to be kept of a namespace's labels.
[[nodiscard]] std::vector<std::string> label_keys(const LabelSelector& selector);
[[nodiscard]] std::vector<std::string> label_keys(const Limits& limits);

}  // namespace icrps::plan
