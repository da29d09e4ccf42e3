// Stops the operator before everything that it wrote is removed.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "cli/cleanup/patience.hpp"
#include "cli/session.hpp"

namespace icrps::cli {

/// How many pods the Deployment in the operator's namespace is to run; 0 when it doesn't exist. The
/// error is a sentence for a person.
[[nodiscard]] tl::expected<int, std::string> replicas_of(Session& session, const std::string& name,
                                                         const Patience& patience);

/// Scales the Deployment in the operator's namespace to 0 and waits until none of its pods runs any
/// more. One that doesn't exist is stopped. The error is a sentence for a person.
[[nodiscard]] tl::expected<void, std::string> stop_deployment(Session& session,
                                                              const std::string& name,
                                                              const Patience& patience);

}  // namespace icrps::cli
