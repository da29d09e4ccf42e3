#include "kube/pure/election.hpp"

#include <algorithm>

#include "runtime/timestamp.hpp"

namespace icrps::kube {
namespace {

using namespace std::chrono_literals;
using Instant = Election::Instant;

/// Two that collided read what the other wrote, not each other's next attempt.
constexpr auto kAfterConflict = 100ms;

/// Those that wait do not all ask at once: up to a fifth later, as client-go does.
Instant later(Instant now, std::chrono::seconds period, const Random& random) {
  constexpr double kSpread = 0.2;
  return now + period +
         std::chrono::duration_cast<Clock::Instant::duration>(period * (kSpread * random()));
}

}  // namespace

bool Election::held_by_other(Instant now) const {
  const auto& spec = observed_.spec;
  return !spec.holder.empty() && spec.holder != settings_.identity &&
         now < observed_at_ + spec.duration;
}

Election::Write Election::claim(std::chrono::system_clock::time_point wall) const {
  LeaseSpec spec{settings_.identity, settings_.lease_duration, observed_.spec.acquired,
                 rfc3339_micro(wall), observed_.spec.transitions};
  if (observed_.spec.holder != settings_.identity) {
    spec.acquired = spec.renewed;
    const bool counts = !observed_.resource_version.empty() && spec.transitions < kMostTransitions;
    if (counts) ++spec.transitions;
  }
  return {spec, observed_.resource_version, observed_.metadata};
}

Election::Step Election::next(Instant now, std::chrono::system_clock::time_point wall,
                              const Random& random) {
  if (sleep_until_ && now < *sleep_until_) return Sleep{*sleep_until_};
  sleep_until_.reset();
  if (!known_) return Read{};
  if (!held_by_other(now)) return claim(wall);
  // Not later than the moment at which it may be free.
  sleep_until_ =
      std::min(later(now, settings_.retry_period, random), observed_at_ + observed_.spec.duration);
  known_ = false;
  return Sleep{*sleep_until_};
}

void Election::read(const std::optional<Lease>& lease, Instant now) {
  if (!lease) {
    // Deleted: whoever held it does not know that yet, so that its time counts on.
    observed_.resource_version.clear();
    observed_.metadata.clear();
  } else {
    // Only its holder renews it: a label that somebody edits is no sign of life.
    const bool only_edited = lease->spec == observed_.spec && lease->metadata != observed_.metadata;
    if (!seen_ || (*lease != observed_ && !only_edited)) observed_at_ = now;
    observed_ = *lease;
  }
  seen_ = known_ = true;
  if (leads_until_ && !observed_.spec.holder.empty() &&
      observed_.spec.holder != settings_.identity) {
    pushed_out_ = true;
    leads_until_.reset();
  }
}

void Election::written(const Lease& lease, Instant asked) {
  observed_ = lease;
  observed_at_ = asked;
  seen_ = known_ = true;
  if (lease.spec.holder != settings_.identity) {  // given back
    leads_until_.reset();
    return;
  }
  renewed_ = asked;
  leads_until_ = asked + settings_.lease_duration;
  sleep_until_ = asked + settings_.retry_period;
}

void Election::conflicted(Instant now) {
  known_ = false;
  sleep_until_ = now + kAfterConflict;
}

void Election::failed(Instant now, const Random& random) {
  known_ = false;  // an answer that was lost may have been a yes
  sleep_until_ = later(now, settings_.retry_period, random);
}

bool Election::lost(Instant now) const {
  return pushed_out_ || (renewed_ && now >= *renewed_ + settings_.renew_deadline);
}

std::chrono::milliseconds Election::patience(Instant now) const {
  const std::chrono::milliseconds usual = settings_.renew_deadline / 2;
  if (!renewed_) return usual;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*renewed_ + settings_.renew_deadline - now);
  return std::clamp(left, std::chrono::milliseconds(1), usual);
}

std::optional<Election::Write> Election::release(std::chrono::system_clock::time_point wall) const {
  if (!leads_until_ || observed_.resource_version.empty()) return std::nullopt;
  LeaseSpec spec = observed_.spec;
  spec.holder.clear();
  spec.duration = 1s;
  spec.renewed = rfc3339_micro(wall);
  return Write{spec, observed_.resource_version, observed_.metadata};
}

}  // namespace icrps::kube
