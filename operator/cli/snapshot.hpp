// What the cluster holds, read once by lists.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cli/session.hpp"
#include "controller/apply.hpp"

namespace icrps::cli {

struct Wanted {
  std::vector<plan::CopyName> copies;
  std::vector<std::string> only;  ///< namespaces; empty: all
  /// What is made of each namespace before it is kept; may be empty.
  std::function<void(kube::Object&)> adapt{};
};

/// Into stores that are empty. The error says what could not be listed.
[[nodiscard]] tl::expected<void, kube::ApiError> read_cluster(Session& session,
                                                              const Wanted& wanted,
                                                              controller::Stores& stores);

/// Those of `only` that the stores don't have.
[[nodiscard]] std::vector<std::string> unknown_namespaces(const controller::Stores& stores,
                                                          const std::vector<std::string>& only);

}  // namespace icrps::cli
