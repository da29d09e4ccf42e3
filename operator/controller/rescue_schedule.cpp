#include "controller/rescue_schedule.hpp"

#include <algorithm>

namespace icrps::controller {
namespace {

using namespace std::chrono_literals;

// Five a second.
constexpr auto kDistance = 200ms;
// Attachments that never end put a look off by so many times `after` at most.
constexpr int kPutOff = 5;
// What fails is tried for so many times `after`: by default five minutes.
constexpr int kRescuePatience = 30;
constexpr BackoffPolicy kBackoff{1s, 2.0, 60s, 0.5};

}  // namespace

void RescueSchedule::attached(const std::string& ns, Instant now) {
  auto due = now + after_;
  auto first = now;
  const auto planned = looks_.find(ns);
  // One that failed keeps its backoff: the next try sees what was attached meanwhile.
  if (planned != looks_.end() && planned->second.look.failures > 0) return;
  if (planned != looks_.end()) {
    first = planned->second.first;
    due = std::min(due, first + kPutOff * after_);
  }
  put({{ns, 0, due}, first, due});
}

void RescueSchedule::put(Planned planned) {
  const auto ns = planned.look.ns;
  const auto before = looks_.find(ns);
  if (before != looks_.end()) order_.erase({before->second.due, ns});
  order_.emplace(planned.due, ns);
  looks_.insert_or_assign(ns, std::move(planned));
}

void RescueSchedule::found(const std::string& ns, std::vector<Treatment> treatments, Instant now) {
  std::erase_if(treatments_, [&](const auto& entry) { return entry.second.ns == ns; });
  // As if the namespace were alone: those of another one find their turns in between.
  auto due = now;
  for (auto& treatment : treatments) {
    treatments_.emplace(due, std::move(treatment));
    due += kDistance;
  }
}

std::optional<RescueSchedule::Task> RescueSchedule::pop(Instant now) {
  if (!order_.empty() && order_.begin()->first <= now) {
    auto look = std::move(looks_.extract(order_.begin()->second).mapped().look);
    order_.erase(order_.begin());
    return look;
  }
  if (treatments_.empty() || treatments_.begin()->first > now || next_treatment_ > now) {
    return std::nullopt;
  }
  next_treatment_ = now + kDistance;
  return std::move(treatments_.extract(treatments_.begin()).mapped());
}

std::optional<RescueSchedule::Instant> RescueSchedule::next_due() const {
  std::optional<Instant> due;
  if (!treatments_.empty()) due = std::max(treatments_.begin()->first, next_treatment_);
  if (order_.empty()) return due;
  const auto look = order_.begin()->first;
  return due ? std::min(*due, look) : look;
}

std::optional<RescueSchedule::Instant> RescueSchedule::retry_at(unsigned failures, Instant begun,
                                                                Instant now,
                                                                std::chrono::milliseconds at_least,
                                                                const Random& random) const {
  const auto due = now + std::max(at_least, backoff_delay(kBackoff, failures, random));
  if (due > begun + kRescuePatience * after_) return std::nullopt;
  return due;
}

bool RescueSchedule::retry(Look look, Instant now, std::chrono::milliseconds at_least,
                           const Random& random) {
  ++look.failures;
  const auto due = retry_at(look.failures, look.begun, now, at_least, random);
  // Something was attached meanwhile, and the namespace is looked at anyway.
  if (looks_.contains(look.ns)) return true;
  if (!due) return false;
  put({std::move(look), now, *due});
  return true;
}

bool RescueSchedule::retry(Treatment treatment, Instant now, std::chrono::milliseconds at_least,
                           const Random& random) {
  ++treatment.failures;
  const auto due = retry_at(treatment.failures, treatment.begun, now, at_least, random);
  if (!due) return false;
  treatments_.emplace(*due, std::move(treatment));
  return true;
}

}  // namespace icrps::controller
