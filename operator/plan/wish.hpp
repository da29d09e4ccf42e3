// A namespace's annotations and the configuration's defaults → what it is to have. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "icr/regions.hpp"
#include "plan/defaults.hpp"
#include "plan/limits.hpp"

namespace icrps::plan {

using Annotations = std::map<std::string, std::string>;

/// Of each annotation of ours, in characters. A longer one is a mistake: nobody means it, and who
/// may write one could have the operator read and remember it without end.
inline constexpr std::size_t kLongestAnnotation = 4096;

/// The text, or as much of a longer one as shows that it is too long.
[[nodiscard]] std::string bounded_annotation(std::string text);

struct NamespaceFacts {
  std::string name;
  std::string uid;
  std::string resource_version;
  bool terminating = false;
  Annotations annotations;
  Labels labels;  ///< those that a credential's limits or the configuration's `optIn` look at
};

/// Something a person must know. `patience` problems are reported only when they last.
struct Problem {
  std::string reason;   ///< CamelCase, an Event's reason
  std::string message;  ///< what is wrong, what is accepted, what happens meanwhile
  bool patience = false;
  bool note = false;  ///< nothing is wrong, but worth saying: a Normal Event, not a Warning
  /// What makes it the same problem as before when the message has changed: that of an admission
  /// webhook may hold the number of a request. Empty: the message.
  std::string key{};

  [[nodiscard]] const std::string& identity() const { return key.empty() ? message : key; }
  [[nodiscard]] bool is_same_as(const Problem& other) const {
    return reason == other.reason && note == other.note && identity() == other.identity();
  }
  friend bool operator==(const Problem&, const Problem&) = default;
};

/// An empty optional: the value is a mistake, what is in force stays as it is.
struct Wish {
  bool opted_in = false;
  bool by_default = false;  ///< opted in by the configuration: it says nothing itself
  std::optional<icr::Hosts> hosts;
  std::optional<std::vector<std::string>> service_accounts;  ///< names and globs
  std::optional<std::vector<std::string>> credentials;
  std::vector<Problem> problems;
};

/// `known_credentials`: the names in the configuration.
[[nodiscard]] Wish read_wish(const NamespaceFacts& ns, const Defaults& defaults,
                             const icr::RegionTable& regions,
                             const std::vector<std::string>& known_credentials);

/// Whether a namespace's annotation of that name is one of ours.
[[nodiscard]] bool means_something(std::string_view annotation);

/// An annotation under our prefix that means nothing: a slip. It changes nothing, and a person is
/// told.
[[nodiscard]] std::vector<Problem> unknown_annotations(const NamespaceFacts& ns);

/// Whether the namespace is to have this credential. With a mistake in the annotation what is in
/// force stays: it is to have what it has a copy of.
[[nodiscard]] bool asks_for(const Wish& wish, const std::string& credential, bool has_own_copy);

/// Whether nobody asked for the credential: the namespace has what the configuration gives to all.
/// A limit that keeps it away from some of them is no mistake of theirs then.
[[nodiscard]] bool nobody_asked(const Wish& wish, const NamespaceFacts& ns);

/// True when `name` equals one of the patterns or is matched by it (`*`, `?`).
[[nodiscard]] bool selects(const std::vector<std::string>& patterns, const std::string& name);

}  // namespace icrps::plan
