// The configuration → what plans go by: the same for `run` and for every command that looks at
// namespaces.
#pragma once

#include <string>

#include "config/config.hpp"
#include "plan/plan.hpp"

namespace icrps::config {

/// `own_namespace`: the operator's. It takes part only by its own annotation, whatever `optIn`
/// says: the sources of credentials are there, and the operator's own service account.
[[nodiscard]] plan::Defaults defaults_of(const Config& config, const std::string& own_namespace);
[[nodiscard]] plan::Rules rules_of(const Config& config, const std::string& own_namespace);

}  // namespace icrps::config
