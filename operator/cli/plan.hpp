// `icr-pull-secrets plan`: what the operator would write, and why.
#pragma once

#include "cli/options.hpp"

namespace icrps::cli {

/// Reads the cluster and prints; writes nothing. 0, also when something would change, unless the
/// options ask for kNotGood then.
int show_plan(const PlanOptions& options);

}  // namespace icrps::cli
