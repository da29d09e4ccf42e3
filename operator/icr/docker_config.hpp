// The content of a `kubernetes.io/dockerconfigjson` Secret. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "icr/regions.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::icr {

// User names that tell the registry what kind of secret the password is.
inline constexpr const char* kApiKeyUser = "iamapikey";
inline constexpr const char* kBearerUser = "iambearer";
inline constexpr const char* kRefreshUser = "iamrefresh";

/// A login at a registry: "iamapikey" and an API key, "iambearer" and a token, …
struct Login {
  std::string username;
  SecretString password;
  friend bool operator==(const Login&, const Login&) = default;
};

/// {"auths":{"de.icr.io":{"auth":"…","password":"…","username":"…"},…}} with the keys sorted: the
/// same input gives the same bytes. `auth` is always there: the kubelet takes either form, but
/// other clients (skopeo) look at nothing else. `keys` are hosts or, for logins limited to some
/// registry namespaces, paths ("us.icr.io/team").
[[nodiscard]] SecretString docker_config_json(const std::set<std::string>& keys,
                                              const Login& login);

/// An API key as it was found in a Secret, made usable.
struct ApiKey {
  SecretString value;
  bool trimmed = false;    ///< a trailing line end or surrounding blanks were removed
  bool from_file = false;  ///< it was a field of the file that `ibmcloud … --file` writes
};

/// Accepted: 1 to 4096 printable ASCII characters without blanks, double quotes and backslashes,
/// which IBM Cloud never puts into a key; surrounding white space is removed. The message says
/// what was found (never the key itself) and, where it can be guessed, how it happened: a value
/// kept with its JSON quotes, or the whole file that `ibmcloud iam api-key-create` writes.
[[nodiscard]] tl::expected<ApiKey, Mistake> parse_api_key(std::string_view bytes);

/// A password of any other registry: 1 to 4096 bytes of UTF-8 without control characters; a line
/// end after it is removed. A JSON object, which some registries take as a password (user
/// `_json_key`), may have line ends and tabs in it.
[[nodiscard]] tl::expected<ApiKey, Mistake> parse_password(std::string_view bytes);

}  // namespace icrps::icr
