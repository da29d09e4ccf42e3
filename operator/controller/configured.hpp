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
[[nodiscard]] Configured configured_of(const config::Config& config);
/// What copies are called now, in order, and then what they were called before.
[[nodiscard]] std::vector<plan::CopyName> copy_names_of(const config::Config& config);

}  // namespace icrps::controller
