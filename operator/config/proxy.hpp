// The proxy for IAM and registries. Private to operator/config.
#pragma once

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

/// {url: http://HOST[:PORT] | none, noProxy: […], credentialsFile: …}. Throws Failure.
[[nodiscard]] Proxy read_proxy(const Located& at);

}  // namespace icrps::config
