#include "credentials/manager_token.hpp"

#include <fmt/format.h>

namespace icrps::credentials {
namespace {

// As IBM's own SDK does.
constexpr int kUsablePercent = 80;
constexpr int kAll = 100;

iam::Refusal without_input(const std::optional<SecretInput>& input) {
  iam::Refusal refusal;
  if (!input) {
    refusal.message = "the manager's Secret has not been read yet";
    return refusal;
  }
  refusal.kind = iam::Refusal::Kind::kRefused;
  refusal.message = fmt::format("the manager's Secret {}", input->error().what);
  return refusal;
}

}  // namespace

void ManagerToken::offer(SecretInput input) {
  const std::lock_guard lock(mutex_);
  input_ = std::move(input);
  token_.reset();
}

void ManagerToken::forget() {
  const std::lock_guard lock(mutex_);
  token_.reset();
}

tl::expected<SecretString, iam::Refusal> ManagerToken::get(const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  if (!input_ || !*input_) return tl::unexpected(without_input(input_));
  const auto asked = clock_.now();
  const auto asked_wall = clock_.wall();
  if (token_ && asked < renew_at_ && asked_wall < renew_at_wall_) return *token_;
  auto fresh = mint_((*input_)->value, stop);
  if (!fresh) {
    const bool silence = fresh.error().kind == iam::Refusal::Kind::kUnknown;
    if (silence && token_ && clock_.now() < ends_at_) return *token_;
    return tl::unexpected(std::move(fresh.error()));
  }
  token_ = std::move(fresh->login.password);
  const auto life = fresh->lifetime.value_or(std::chrono::seconds(0));
  const auto use = life * kUsablePercent / kAll;
  renew_at_ = asked + use;
  renew_at_wall_ = asked_wall + use;
  ends_at_ = asked + life;
  return *token_;
}

}  // namespace icrps::credentials
