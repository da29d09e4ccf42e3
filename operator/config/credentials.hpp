// The list of credentials. Private to operator/config.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

/// At least one; every name once, and every secretName, which no source has either. `regions`: what
/// the limits may name. Throws Failure.
[[nodiscard]] std::vector<Credential> read_credentials(const Located& at,
                                                       const icr::RegionTable& regions);

/// What copies were called before: every Secret's name once, and none that a credential has or
/// comes from. Throws Failure.
[[nodiscard]] std::vector<plan::CopyName> read_retired(const Located& at,
                                                       const std::vector<Credential>& credentials);

}  // namespace icrps::config
