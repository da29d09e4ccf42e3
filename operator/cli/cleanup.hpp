// `icr-pull-secrets cleanup`: removes everything that the operator wrote.
#pragma once

#include "cli/options.hpp"

namespace icrps::cli {

/// 0: the cluster was listed again, and nothing is left; kNotGood: something is, and a table says
/// what. May be ended and begun again at any moment.
int cleanup(const CleanupOptions& options);

}  // namespace icrps::cli
