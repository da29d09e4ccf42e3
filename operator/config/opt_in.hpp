// Who takes part without having asked. Private to operator/config.
#pragma once

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

/// The key `optIn`, once the regions and the credentials of `config` are known: what it gives must
/// exist. Throws Failure.
[[nodiscard]] plan::OptIn read_opt_in(const Located& at, const Config& config);

}  // namespace icrps::config
