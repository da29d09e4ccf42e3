// Who may use a credential, and for what. Private to operator/config.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

/// Names of namespaces and globs over them, each once; the list may be empty. Throws Failure.
[[nodiscard]] std::vector<std::string> read_namespace_patterns(const Located& at,
                                                               std::string_view accepted);

/// The keys `namespaces`, `regions` and `registryNamespaces` of a credential; the hosts of `basic`.
/// Throws Failure.
[[nodiscard]] plan::Limits read_limits(const Fields& fields, const Source& source,
                                       const icr::RegionTable& regions);

/// The key `probeImage`: an image that a credential with these limits can be asked for. Throws
/// Failure.
[[nodiscard]] std::string read_probe_image(const Located& at, const plan::Limits& limits,
                                           const icr::RegionTable& regions);

}  // namespace icrps::config
