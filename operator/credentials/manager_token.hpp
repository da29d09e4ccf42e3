// The access token of the identity that may make and delete a service ID's API keys.
// Thread safety: all methods may be called from any thread.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>

#include <tl/expected.hpp>

#include "credentials/mint.hpp"
#include "credentials/secret_feed.hpp"
#include "runtime/clock.hpp"

namespace icrps::credentials {

class ManagerToken {
 public:
  /// `input`: what the mint needs, if it needs anything; later changes come by offer().
  ManagerToken(Mint mint, std::optional<SecretInput> input, const Clock& clock)
      : mint_(std::move(mint)), clock_(clock), input_(std::move(input)) {}

  /// A new API key of the manager, or why there is none.
  void offer(SecretInput input);

  /// One that is good for a while; asks IAM only when the last one isn't any more. While IAM is
  /// silent, the last one for as long as it lives.
  tl::expected<SecretString, iam::Refusal> get(const std::stop_token& stop);

  /// IAM does not take the last one any more, although its time is not over.
  void forget();

 private:
  const Mint mint_;
  const Clock& clock_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::optional<SecretInput> input_;
  std::optional<SecretString> token_;
  // A new one is due when either clock says so: one of them sleeps with a machine that is paused,
  // the other can be set.
  Clock::Instant renew_at_{};
  std::chrono::system_clock::time_point renew_at_wall_{};
  Clock::Instant ends_at_{};
};

}  // namespace icrps::credentials
