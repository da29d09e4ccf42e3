// The list of credentials. Private to operator/config.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

/// At least one, every name once. `regions`: what the limits may name. Throws Failure.
[[nodiscard]] std::vector<Credential> read_credentials(const Located& at,
                                                       const icr::RegionTable& regions);

/// Names of credentials that are no more: every one once, and none of `credentials`. Throws
/// Failure.
[[nodiscard]] std::vector<std::string> read_retired(const Located& at,
                                                    const std::vector<Credential>& credentials);

}  // namespace icrps::config
