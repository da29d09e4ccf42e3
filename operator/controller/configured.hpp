// The credentials of the configuration → what facts are made with; the rules are config/rules.hpp.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "controller/reconciler.hpp"

namespace icrps::controller {

/// The names of the credentials, in order.
[[nodiscard]] std::vector<std::string> names_of(const std::vector<config::Credential>& credentials);
[[nodiscard]] LimitsByCredential limits_of(const config::Config& config);

}  // namespace icrps::controller
