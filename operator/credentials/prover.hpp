// Asks many registries about one login, and waits for all of them.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "credentials/pure/answer.hpp"
#include "iam/registry_probe.hpp"
#include "icr/docker_config.hpp"

namespace icrps::credentials {

struct Question {
  icr::Login login;
  icr::Hosts hosts;
  /// Asked for at its own host, which is asked whether it is among the others or not.
  std::optional<iam::ImageReference> image{};
};

struct HostAnswer {
  std::string host;
  Answer answer;
};
/// In the order of the hosts' names.
using HostAnswers = std::vector<HostAnswer>;

/// Side by side: one that is silent costs its deadline, a dozen of them no more. Any thread; blocks
/// the caller.
[[nodiscard]] HostAnswers ask(const iam::RegistryProbe& probe, const Question& question,
                              const std::stop_token& stop);

}  // namespace icrps::credentials
