// What IAM's token endpoint answers. Pure.
#pragma once

#include <chrono>

#include <tl/expected.hpp>

#include "http/transport.hpp"
#include "iam/pure/refusal.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::iam {

struct Token {
  SecretString access;
  SecretString refresh;             ///< empty when IAM gave none (it says "not_supported")
  std::chrono::seconds lifetime{};  ///< of `access`, from the moment of the answer; 1 s to 24 h
};

/// 2xx with a usable token, or why not. A 200 that holds an error, HTML, no access_token, or an
/// expires_in that is no positive number of at most a day, is kUnknown: what was good before stays
/// in use. The clock of IAM is not needed: only `expires_in` counts.
[[nodiscard]] tl::expected<Token, Refusal> read_token(const std::string& who,
                                                      const http::Response& response);

/// An answer of IAM (either of its two error shapes) or of a registry (errors[].code) that is not
/// 2xx, as a refusal.
[[nodiscard]] Refusal refusal_of(const std::string& who, const http::Response& response);
[[nodiscard]] Refusal refusal_of(const std::string& who, const http::Failure& failure);

}  // namespace icrps::iam
