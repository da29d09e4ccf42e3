// By which road IAM and the registries are reached: what the configuration says, else the
// environment.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "config/config.hpp"
#include "http/proxy.hpp"

namespace icrps::cli {

/// `env`: HTTPS_PROXY, https_proxy, NO_PROXY, no_proxy; the first that is there, as Go has it. An
/// error is a sentence for a person that holds no credential.
[[nodiscard]] tl::expected<http::ProxyRules, std::string> proxy_rules(
    const config::Config& config,
    const std::function<std::optional<std::string>(const std::string&)>& env);

}  // namespace icrps::cli
