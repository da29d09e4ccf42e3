// One IAM token for all hosts and all processes: kept in a file, renewed by one of them at a time.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "iam/pure/token.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::cli {

using WallTime = std::chrono::system_clock::time_point;

struct CachedToken {
  std::string source;  ///< a digest of the key and of IAM's address
  SecretString token;
  WallTime obtained;
  WallTime expires;

  /// Until 80 % of its life are over it is not renewed.
  [[nodiscard]] bool fresh(WallTime now) const;
  /// Still good for a moment.
  [[nodiscard]] bool usable(WallTime now) const;
};

[[nodiscard]] SecretString cache_text(const CachedToken& token);
/// Nothing for what is no such text.
[[nodiscard]] std::optional<CachedToken> parse_cache(const SecretString& text);

/// Asks IAM, for at most that long.
using AskForToken =
    std::function<tl::expected<iam::Token, iam::Refusal>(std::chrono::milliseconds limit)>;

class TokenCache {
 public:
  TokenCache(std::string file, std::string source)
      : file_(std::move(file)), source_(std::move(source)) {}

  struct Answer {
    SecretString token;
    WallTime expires;
    std::string warning{};  ///< IAM did not give a new one, and why; or empty
  };
  /// From the file while it is fresh, without a lock or the network. Else under a lock: those who
  /// come while one asks find its answer. When IAM does not answer, or somebody has the lock until
  /// `limit` is over, the old token as long as it is usable. The error is a sentence.
  [[nodiscard]] tl::expected<Answer, std::string> get(const AskForToken& ask,
                                                      std::chrono::milliseconds limit) const;

 private:
  [[nodiscard]] std::optional<CachedToken> read() const;
  [[nodiscard]] tl::expected<Answer, std::string> renew(
      const AskForToken& ask, std::chrono::steady_clock::time_point end) const;

  const std::string file_;
  const std::string source_;
};

}  // namespace icrps::cli
