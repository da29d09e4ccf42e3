// Whether registries take a login: asked before any namespace gets it.
// Thread safety: everything here may be called from any thread; ask() blocks the caller.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "iam/registry_probe.hpp"
#include "icr/docker_config.hpp"

namespace icrps::credentials {

struct Question {
  icr::Login login;
  icr::Hosts hosts;
  /// Asked for at its own host, which is asked whether it is among the others or not.
  std::optional<iam::ImageReference> image{};
  /// Whether the rest is asked after a no, too. A bad login is not to be shown to everybody.
  bool to_the_end = false;
};

struct HostAnswer {
  std::string host;
  tl::expected<void, iam::Refusal> answer;
};
/// In the order of the hosts' names, of those that were asked.
using HostAnswers = std::vector<HostAnswer>;

/// Neither a yes nor silence.
[[nodiscard]] bool is_no(const HostAnswer& answer);

/// Asks the hosts side by side, eight at a time: one that is silent costs its deadline, a dozen of
/// them no more. Which no comes first in the answers does not depend on who is quicker.
[[nodiscard]] HostAnswers ask(const iam::RegistryProbe& probe, const Question& question,
                              const std::stop_token& stop);

/// A yes. `silent` hosts could not be asked.
struct Proof {
  std::vector<std::string> hosts;
  std::vector<std::string> silent;
};

/// All answers as one. One refusal, or one policy against it, is a no: a credential that works in
/// one region only would break the pulls of the others. A host that can't be asked (a region that
/// is down, a private host seen from outside) does not hold up the rest, as long as another says
/// yes; when none can be asked, nothing is known. Pure.
[[nodiscard]] tl::expected<Proof, iam::Refusal> verdict_of(const HostAnswers& answers);

}  // namespace icrps::credentials
