// How large the Secrets of a credential may become. Private to operator/config.
#pragma once

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

/// Fails when a namespace could ask for a Secret of the credential at `at` that is larger than
/// Kubernetes takes, 1 MiB. How long its tokens and passwords are is estimated.
void refuse_too_large(const Located& at, const Credential& credential,
                      const icr::RegionTable& regions);

}  // namespace icrps::config
