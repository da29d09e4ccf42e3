// Proves a login at many hosts, without waiting for ever for those that are silent.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "credentials/asker.hpp"
#include "icr/docker_config.hpp"
#include "icr/regions.hpp"

namespace icrps::cli {

struct HostPatience {
  std::chrono::milliseconds all{30'000};  ///< from the beginning
  /// Since the last answer, once more than half have answered: the others are likely to be silent.
  std::chrono::milliseconds since_last{3'000};
};

/// Nothing: it was silent.
using HostReplies = std::map<std::string, std::optional<credentials::Answer>>;

/// Side by side. `progress` is called on the caller's thread after each answer. Blocks.
[[nodiscard]] HostReplies prove_at_hosts(
    credentials::AskHost ask, const icr::Login& login, const icr::Hosts& hosts,
    const HostPatience& patience,
    const std::function<void(std::size_t answered, std::size_t all)>& progress);

}  // namespace icrps::cli
