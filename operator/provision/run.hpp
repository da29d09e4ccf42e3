// Carries out what next_step() decides.
// Thread safety: none. Blocks for as long as it has patience.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "provision/account.hpp"
#include "provision/pure/next_step.hpp"
#include "provision/source_secret.hpp"

namespace icrps::provision {

/// Why a run stopped before its end.
struct Stopped {
  std::string why;       ///< for people
  bool blocked = false;  ///< a person must decide; otherwise something failed
};

class Run {
 public:
  template <typename T>
  using Result = tl::expected<T, Stopped>;

  /// Called for each step that was done, with its line of the diff.
  using OnStep = std::function<void(const std::string& line)>;

  /// `account` and `secret` outlive it. `secret` is null when the wish has none.
  Run(Account& account, Wish wish, SourceSecret* secret, OnStep on_step)
      : account_(account), wish_(std::move(wish)), secret_(secret), on_step_(std::move(on_step)) {}

  /// Reads what IAM and the cluster hold. The first thing to call.
  Result<void> look();
  /// Does what is missing.
  Result<void> converge();

  [[nodiscard]] const Holdings& held() const { return held_; }
  [[nodiscard]] const Wish& wish() const { return wish_; }
  /// The API key in the Secret, after converge().
  [[nodiscard]] const std::optional<SecretString>& key() const { return key_; }

 private:
  Result<void> look_for_owner();
  Result<void> look_at_identity();
  Result<void> look_at_secret();
  Result<Made> act(const Step& step);
  Result<Made> claim();
  Result<Made> make_identity();
  Result<Made> make_policy(const Grant& grant);
  Result<Made> make_key();
  Result<Made> store_key();
  [[nodiscard]] iam::Policy policy_of(const Grant& grant) const;

  Account& account_;
  const Wish wish_;
  SourceSecret* const secret_;
  const OnStep on_step_;

  Holdings held_;
  std::string stamp_;  ///< of the claim
  Clock::Instant claimed_at_{};
  std::optional<SecretString> key_;
};

}  // namespace icrps::provision
