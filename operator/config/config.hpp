// The operator's configuration as plain structs. docs/configuration.md is the reference.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "icr/regions.hpp"

namespace icrps::config {

/// A key of a Secret in the operator's own namespace.
struct SecretKeyRef {
  std::string name;
  std::string key;
  friend bool operator==(const SecretKeyRef&, const SecretKeyRef&) = default;
};

/// `apiKey`: an IBM Cloud API key kept in a Secret, logged in with as `iamapikey`.
struct ApiKeySource {
  SecretKeyRef secret_ref;
};

/// One alternative per kind of source.
using Source = std::variant<ApiKeySource>;

struct Credential {
  std::string name;  ///< a DNS label; its copies are called "icr-<name>"
  Source source;
};

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kAuto, kJson, kText };  ///< kAuto: text on a terminal, else JSON

struct Config {
  icr::Endpoints endpoints = icr::Endpoints::kPublic;
  std::vector<std::string> service_accounts{"default"};  ///< names and globs; empty: none
  icr::RegionTable regions = icr::RegionTable::builtin();
  std::vector<Credential> credentials;  ///< at least one, names unique
  unsigned workers = 16;                ///< 1 to 64
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kAuto;
};

/// "config.yaml:12: unknown key "regoins"; accepted: apiVersion, kind, …"
struct ConfigError {
  std::string message;
};

/// Reads `text` as the file called `file` (the name is for messages only). Strict: unknown and
/// duplicate keys, wrong types and values out of range are errors; the first one found is returned.
[[nodiscard]] tl::expected<Config, ConfigError> parse_config(std::string_view text,
                                                             const std::string& file);

/// At most 1 MiB.
[[nodiscard]] tl::expected<Config, ConfigError> load_config(const std::string& file);

/// A service account's name or a glob over names (`*`, `?`), or what is wrong with it.
[[nodiscard]] std::optional<icr::Mistake> check_account_pattern(std::string_view pattern);

}  // namespace icrps::config
