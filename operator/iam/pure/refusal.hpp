// Why IAM or a registry did not give what was asked for. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace icrps::iam {

/// Never holds a credential: bodies are not quoted, only their error codes and messages, and those
/// only when they are what IAM documents (printable, cut to a line).
struct Refusal {
  enum class Kind {
    kRefused,   ///< 400 or 401: the credential is no good (deleted, disabled, mistyped)
    kNotFound,  ///< 404 of the API for keys: there is no such object
    kPolicy,    ///< 403: it is good and not allowed (policy, restricted IP addresses, private-only)
    kLimit,     ///< 422 BXNIM0151E: no room for one more API key
    kUnknown,   ///< 429, 5xx, no answer, an answer that makes no sense: nothing is known
    kCanceled,  ///< the caller's stop token
  };
  Kind kind = Kind::kUnknown;
  std::string who;      ///< the host that said so
  int status = 0;       ///< HTTP; 0 without an answer
  std::string code;     ///< IAM's: "BXNIM0415E"; or empty
  std::string message;  ///< for people, one line: "iam.cloud.ibm.com: 400 BXNIM0415E Provided …"
  std::optional<std::chrono::milliseconds> retry_after;
};

/// "refused", "policy", …: a metric's label.
[[nodiscard]] std::string_view to_string(Refusal::Kind kind);

/// IAM's code for an API key that does not exist: deleted, mistyped, or not known everywhere yet.
inline constexpr std::string_view kKeyNotFound = "BXNIM0415E";
/// For one that is disabled.
inline constexpr std::string_view kKeyDisabled = "BXNIM0462E";

}  // namespace icrps::iam
