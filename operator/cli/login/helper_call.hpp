// Hands a login to somebody's credential helper, or has it forgotten, as docker does.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "icr/docker_config.hpp"

namespace icrps::cli {

/// Runs `docker-credential-HELPER store`; at most 10 s. The login is on its standard input; its
/// environment is this process's without variables that hold credentials. The error is a sentence
/// with what the helper said.
[[nodiscard]] tl::expected<void, std::string> helper_store(const std::string& helper,
                                                           const std::string& host,
                                                           const icr::Login& login);
[[nodiscard]] tl::expected<void, std::string> helper_erase(const std::string& helper,
                                                           const std::string& host);

}  // namespace icrps::cli
