// In each namespace one installation keeps its Lease, its record and the state of its rotations.
// The record, a ConfigMap, says which: by the name of the ConfigMap that its configuration comes
// from.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include <tl/expected.hpp>

#include "kube/client.hpp"
#include "runtime/clock.hpp"

namespace icrps::cli {

/// A place where installations are told apart. `name`: empty, nobody asks, as on a laptop.
struct Installation {
  std::string ns;
  std::string name;
};

/// The installation that the record says it is of; nothing: there is no record, or it doesn't say.
[[nodiscard]] tl::expected<std::optional<std::string>, kube::ApiError> recorded_installation(
    kube::Client& client, const std::string& ns);

/// Why this installation may not run there, a sentence for a person; nothing: it may, or the API
/// server gives no answer. Writes nothing.
[[nodiscard]] std::optional<std::string> taken_by_another(kube::Client& client,
                                                          const Installation& installation);

/// The same, and where nobody is recorded this one is from now on. Tries until there is an answer,
/// or `stop`.
[[nodiscard]] std::optional<std::string> claim(kube::Client& client,
                                               const Installation& installation,
                                               const std::stop_token& stop);

}  // namespace icrps::cli
