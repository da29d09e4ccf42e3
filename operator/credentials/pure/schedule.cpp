#include "credentials/pure/schedule.hpp"

#include <algorithm>
#include <utility>

namespace icrps::credentials {

void Schedule::source_changed(Instant now) {
  newest_ = {.due = now};
}

void Schedule::source_unusable() {
  newest_ = {};
}

void Schedule::failed(From from, const iam::Refusal& refusal, Instant now, const Random& random,
                      std::optional<std::chrono::milliseconds> at_the_latest) {
  auto& track = at(from);
  const auto pause = after_failure(refusal, ++track.failures, random);
  track.due = now + (at_the_latest ? std::min(pause, *at_the_latest) : pause);
}

void Schedule::handed_out(From from, std::optional<std::chrono::milliseconds> renew_in, Instant now,
                          std::optional<WallTime> renew_at) {
  if (from == From::kNewest) newest_ = {};
  proved_ = {};
  if (renew_in) proved_.due = now + *renew_in;
  renew_at_ = renew_in ? renew_at : std::nullopt;
}

void Schedule::wall_is(WallTime wall, Instant now) {
  if (!renew_at_ || wall < *renew_at_) return;
  renew_at_.reset();
  if (proved_.due) proved_.due = std::min(*proved_.due, now);
}

void Schedule::broken_off(From from, Instant now) {
  if (!at(from).due) at(from).due = now;
}

bool Schedule::due(Instant now) const {
  const auto is = [&](const Track& track) { return track.due && *track.due <= now; };
  return !held_ && (is(newest_) || is(proved_));
}

std::optional<From> Schedule::take_due(Instant now) {
  if (!due(now)) return std::nullopt;
  const auto from = newest_.due && *newest_.due <= now ? From::kNewest : From::kProved;
  at(from).due.reset();
  if (from == From::kProved) renew_at_.reset();
  return from;
}

std::optional<Schedule::Instant> Schedule::next() const {
  if (held_) return std::nullopt;
  if (!newest_.due || !proved_.due) return newest_.due ? newest_.due : proved_.due;
  return std::min(*newest_.due, *proved_.due);
}

}  // namespace icrps::credentials
