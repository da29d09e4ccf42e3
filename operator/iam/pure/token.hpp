// What IAM's token endpoint answers. Pure.
#pragma once

#include <chrono>
#include <string_view>

#include <tl/expected.hpp>

#include "http/transport.hpp"
#include "iam/pure/error_text.hpp"
#include "iam/pure/refusal.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::iam {

struct Token {
  SecretString access;
  SecretString refresh;             ///< empty when IAM gave none (it says "not_supported")
  std::chrono::seconds lifetime{};  ///< of `access`; it counts from the request; 1 s to 24 h
};

/// 2xx with a usable token, or why not. A 200 that holds an error, HTML, no access_token, or an
/// expires_in that is no positive number of at most a day, is kUnknown: what was good before stays
/// in use. The clock of IAM is not needed: only `expires_in` counts.
[[nodiscard]] tl::expected<Token, Refusal> read_token(const std::string& who,
                                                      const http::Response& response,
                                                      const Sent& sent = {});

/// The same for the token endpoint of a registry, which calls it `token` or `access_token` and need
/// not say how long it lives.
[[nodiscard]] tl::expected<SecretString, Refusal> read_registry_token(
    const std::string& who, const http::Response& response, const Sent& sent = {});

/// An answer of IAM (either of its two error shapes) or of a registry (errors[].code) that is not
/// what was asked for, as a refusal. A 404 without an error code in it is kUnknown: it is not the
/// API's (a proxy's page, a mistyped URL).
[[nodiscard]] Refusal refusal_of(const std::string& who, const http::Response& response,
                                 const Sent& sent = {});
[[nodiscard]] Refusal refusal_of(const std::string& who, const http::Failure& failure);

/// kUnknown, for an answer that makes no sense: `what` continues "iam.cloud.ibm.com: 200 ".
[[nodiscard]] Refusal senseless(const std::string& who, const http::Response& response,
                                std::string_view what);

[[nodiscard]] constexpr bool is_success(int status) {
  return status >= 200 && status <= 299;
}

/// Fit for an Authorization header: 1 to 16384 printable ASCII characters without blanks.
[[nodiscard]] bool is_bearer_token(std::string_view text);

}  // namespace icrps::iam
