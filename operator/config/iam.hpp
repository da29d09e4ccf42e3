// How IAM and the registries are asked. Private to operator/config.
#pragma once

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

/// {endpoint: public | private | https://HOST[:PORT], caFile: …}. Throws Failure.
[[nodiscard]] Iam read_iam(const Located& at);

/// {caFile: …}. Throws Failure.
[[nodiscard]] Registry read_registry(const Located& at);

/// required, preferred or off; YAML takes the last for `false`. Throws Failure.
[[nodiscard]] Proof read_proof(const Located& at);

}  // namespace icrps::config
