// The roads out of the cluster: IAM and registries, as the configuration has them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "config/config.hpp"
#include "http/proxy.hpp"
#include "http/transport.hpp"
#include "iam/client.hpp"
#include "iam/registry_probe.hpp"

namespace icrps::cli {

struct Outside {
  std::string iam_host;  ///< for messages
  std::unique_ptr<http::Transport> iam_transport;
  std::unique_ptr<iam::Client> iam;
  iam::RegistryProbe::Connect connect;  ///< to a registry
  iam::RegistryProbe registries;
  http::ProxyRules rules;  ///< by which road each is reached
};

/// What is told of requests to IAM, and of each look-up of a name, by its outcome.
struct OutsideObservers {
  iam::Observer iam;
  std::function<void(std::string_view outcome)> lookup{};
};

/// Connects to nobody yet. An error is a sentence for a person: a CA file or a proxy
/// that can't be used.
[[nodiscard]] tl::expected<Outside, std::string> roads_outside(const config::Config& config,
                                                               OutsideObservers observers);

}  // namespace icrps::cli
