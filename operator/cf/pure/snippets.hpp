// Lines for a shell and for a manifest. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/secret_string.hpp"

namespace icrps::cf {

/// Why Cloud Foundry can't live with this password; nothing: it is no token.
[[nodiscard]] std::optional<std::string> why_not_a_token(const SecretString& password);

/// One word of a POSIX shell.
[[nodiscard]] std::string shell_word(std::string_view text);

/// "export CF_DOCKER_PASSWORD='…'", with a line end.
[[nodiscard]] SecretString env_line(const SecretString& key);
/// The part of a manifest.yml that an app with this image has.
[[nodiscard]] std::string manifest(std::string_view app, std::string_view image);
/// "cf push … --docker-username iamapikey"
[[nodiscard]] std::string push_line(std::string_view app, std::string_view image);
/// "cf restage APP --strategy rolling"
[[nodiscard]] std::string restage_line(std::string_view app);

}  // namespace icrps::cf
