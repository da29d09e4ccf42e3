// client.yaml: what people don't want to repeat on the command line. docs/cli.md is the reference.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "config/config.hpp"

namespace icrps::config {

/// What a credential helper answers: an access token, or the API key itself.
enum class Answer { kToken, kKey };

/// Each is absent unless the file says it.
struct Client {
  std::optional<std::string> iam_origin;    ///< "https://iam.cloud.ibm.com"
  std::optional<std::string> ca_file;       ///< absolute
  std::optional<std::string> api_key_file;  ///< absolute
  std::optional<std::string> regions;       ///< as the annotation: "us-south,eu-de", "all"
  std::optional<Answer> answer;
  friend bool operator==(const Client&, const Client&) = default;
};

/// Strict, as the operator's configuration. A file of white space and comments is an empty one.
[[nodiscard]] tl::expected<Client, ConfigError> parse_client(std::string_view text,
                                                             const std::string& file);

/// A file that does not exist is an empty one.
[[nodiscard]] tl::expected<Client, ConfigError> load_client(const std::string& file);

/// "public", "private", "https://HOST" or "https://HOST:PORT", any case, as the origin; or what is
/// wrong with it, which does not repeat it.
[[nodiscard]] tl::expected<std::string, std::string> iam_origin(std::string_view text);
inline constexpr std::string_view kIamAccepted =
    "public, private, https://HOST or https://HOST:PORT";

}  // namespace icrps::config
