// `icr-pull-secrets verify`: proves each credential of the configuration, as the operator would.
#pragma once

#include "cli/options.hpp"

namespace icrps::cli {

/// Prints a table of credentials and hosts. 0: all of them work; kNotGood: one does not, or could
/// not be asked.
int verify(const VerifyOptions& options);

}  // namespace icrps::cli
