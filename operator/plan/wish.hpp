// A namespace's annotations → what its owner wants. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "icr/regions.hpp"

namespace icrps::plan {

using Annotations = std::map<std::string, std::string>;

/// What holds where an annotation says nothing.
struct Defaults {
  icr::Endpoints endpoints = icr::Endpoints::kPublic;
  std::vector<std::string> service_accounts{"default"};
};

/// Something a person must know. `patience` problems are reported only when they last.
struct Problem {
  std::string reason;   ///< CamelCase, an Event's reason
  std::string message;  ///< what is wrong, what is accepted, what happens meanwhile
  bool patience = false;
  bool note = false;  ///< nothing is wrong, but worth saying: a Normal Event, not a Warning
  friend bool operator==(const Problem&, const Problem&) = default;
};

/// An empty optional: the value is a mistake, what is in force stays as it is.
struct Wish {
  bool opted_in = false;
  std::optional<icr::Hosts> hosts;
  std::optional<std::vector<std::string>> service_accounts;  ///< names and globs
  std::optional<std::vector<std::string>> credentials;
  std::vector<Problem> problems;
};

/// `known_credentials`: the names in the configuration.
[[nodiscard]] Wish read_wish(const Annotations& annotations, const Defaults& defaults,
                             const icr::RegionTable& regions,
                             const std::vector<std::string>& known_credentials);

/// Whether the namespace is to have this credential. With a mistake in the annotation what is in
/// force stays: it is to have what it has a copy of.
[[nodiscard]] bool asks_for(const Wish& wish, const std::string& credential, bool has_own_copy);

/// True when `name` equals one of the patterns or is matched by it (`*`, `?`).
[[nodiscard]] bool selects(const std::vector<std::string>& patterns, const std::string& name);

}  // namespace icrps::plan
