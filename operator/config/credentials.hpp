// The list of credentials. Private to operator/config.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

/// At least one, every name once. `regions`: what the limits may name. Throws Failure.
[[nodiscard]] std::vector<Credential> read_credentials(const Located& at,
                                                       const icr::RegionTable& regions);

}  // namespace icrps::config
