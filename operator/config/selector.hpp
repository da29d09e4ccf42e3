// Label selectors as Kubernetes writes them. Private to operator/config.
#pragma once

#include "config/fields.hpp"
#include "plan/limits.hpp"

namespace icrps::config {

/// {matchLabels: {KEY: VALUE}, matchExpressions: [{key, operator, values}]} with at least one
/// condition; the keys and values are checked as the API server would. Throws Failure.
[[nodiscard]] plan::LabelSelector read_selector(const Located& at);

}  // namespace icrps::config
