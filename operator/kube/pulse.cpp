#include "kube/pulse.hpp"

namespace icrps::kube {
namespace {

bool is_answer(WatchTrouble::Kind kind) {
  return kind != WatchTrouble::Kind::kSilent && kind != WatchTrouble::Kind::kBroken;
}

}  // namespace

Pulse::Pulse(const Clock& clock) : clock_(clock) {
  const auto now = clock.now();
  facts_.goes_on_by = facts_.last_sign = now;
  facts_.apart_since = now;
}

void Pulse::step(std::chrono::milliseconds at_most) {
  const std::lock_guard lock(mutex_);
  facts_.goes_on_by = clock_.now() + at_most;
}

void Pulse::sign(Instant now) {
  facts_.last_sign = now;
  facts_.answers.answered(now);
  facts_.trouble.reset();
}

void Pulse::page() {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  sign(now);
  facts_.apart_since = now;
}

void Pulse::answer() {
  const std::lock_guard lock(mutex_);
  facts_.last_sign = clock_.now();
  facts_.answers.answered(facts_.last_sign);
}

void Pulse::opened() {
  const std::lock_guard lock(mutex_);
  sign(clock_.now());
  facts_.apart_since.reset();
}

void Pulse::bytes() {
  const std::lock_guard lock(mutex_);
  sign(clock_.now());
}

void Pulse::ended() {
  const std::lock_guard lock(mutex_);
  if (!facts_.apart_since) facts_.apart_since = clock_.now();
}

void Pulse::trouble(WatchTrouble::Kind kind) {
  const std::lock_guard lock(mutex_);
  facts_.trouble = kind;
  if (is_answer(kind)) {
    facts_.answers.answered(clock_.now());
  } else {
    facts_.answers.missed();
  }
}

Pulse::Facts Pulse::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

}  // namespace icrps::kube
