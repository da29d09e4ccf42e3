// Whether registries take a login: asked before any namespace gets it.
// Thread safety: prove() may be called from any thread; it blocks the caller.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "iam/registry_probe.hpp"
#include "icr/docker_config.hpp"

namespace icrps::credentials {

/// A yes. `silent` hosts could not be asked.
struct Proof {
  std::vector<std::string> hosts;
  std::vector<std::string> silent;
};

/// Asks each host. One refusal, or one policy against it, is a no: a credential that works in one
/// region only would break the pulls of the others. A host that can't be asked (a region that is
/// down, a private host seen from outside) does not hold up the rest, as long as another says yes;
/// when none can be asked, nothing is known. The image is asked for at its own host.
[[nodiscard]] tl::expected<Proof, iam::Refusal> prove(
    const iam::RegistryProbe& probe, const icr::Login& login, const icr::Hosts& hosts,
    const std::optional<iam::ImageReference>& image, const std::stop_token& stop);

}  // namespace icrps::credentials
