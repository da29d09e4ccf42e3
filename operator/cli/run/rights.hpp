// Whether the API server lets this process read what a configuration needs.
#pragma once

#include <optional>
#include <string>

#include "config/config.hpp"
#include "http/transport.hpp"

namespace icrps::cli {

/// Asks about the Secrets that `next` needs and `running` does not: an operator that begins with a
/// configuration which it has no rights for serves nobody, also not those that it served before.
/// A sentence for a person about the first that is forbidden; a server that does not answer forbids
/// nothing, and is not waited for longer than 5 s.
[[nodiscard]] std::optional<std::string> missing_right(http::Transport& transport,
                                                       const config::Config& running,
                                                       const config::Config& next,
                                                       const std::string& own_namespace);

}  // namespace icrps::cli
