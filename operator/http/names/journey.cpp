#include "http/names/journey.hpp"

#include <algorithm>
#include <utility>

namespace icrps::http::names {

void LastGood::answered(const std::string& address, Instant now) {
  const std::scoped_lock lock(mutex_);
  address_ = address;
  at_ = now;
}

void LastGood::failed(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  if (address_ == address) address_.clear();
}

std::optional<std::string> LastGood::trusted(Instant now) const {
  const std::scoped_lock lock(mutex_);
  if (address_.empty() || now - at_ > kTrusted) return std::nullopt;
  return address_;
}

Addresses LastGood::sorted(Addresses addresses) const {
  const std::scoped_lock lock(mutex_);
  const auto good = std::find(addresses.begin(), addresses.end(), address_);
  if (good != addresses.end()) std::rotate(addresses.begin(), good, good + 1);
  return addresses;
}

Journey::Journey(Resolver& resolver, LastGood& last_good, Now now, Goal goal, Instant deadline,
                 std::stop_token stop)
    : resolver_(resolver),
      last_good_(last_good),
      now_(std::move(now)),
      goal_(std::move(goal)),
      deadline_(deadline),
      stop_(std::move(stop)) {
  const auto time = now_();
  if (auto found = resolver_.at_hand(goal_.name)) {
    left_ = last_good_.sorted(std::move(*found));
    looked_up_ = true;
  } else if (auto good = last_good_.trusted(time)) {
    left_.push_back(std::move(*good));
  }
}

void Journey::look_up() {
  looked_up_ = true;
  auto found = resolver_.lookup(goal_.name, deadline_, stop_);
  if (!found) {
    const bool canceled = found.error().kind == Failure::Kind::kCanceled;
    failure_ = Failure{
        found.error().kind,
        goal_.peer + (canceled ? ": " : ": the name can't be resolved: ") + found.error().message};
    return;
  }
  left_ = last_good_.sorted(std::move(*found));
  std::erase_if(left_, [this](const std::string& address) {
    return std::find(tried_.begin(), tried_.end(), address) != tried_.end();
  });
}

std::optional<Journey::Leg> Journey::next() {
  if (left_.empty() && !looked_up_) look_up();
  if (left_.empty()) return std::nullopt;
  Leg leg{left_.front(), std::nullopt};
  left_.erase(left_.begin());
  tried_.push_back(leg.address);
  const auto others = static_cast<long>(left_.size()) + (looked_up_ ? 0 : 1);
  if (others > 0) {
    const auto now = now_();
    const auto share = (deadline_ - now) / (others + 1);
    leg.connect_by = now + std::min<Instant::duration>(share, kConnectLimit);
  }
  return leg;
}

bool Journey::goes_on(const Visit& visit) {
  const auto& address = tried_.back();
  if (!visit.failure) {
    last_good_.answered(address, now_());
    return false;
  }
  // Something was said there, or not: it is neither better nor worse than before.
  if (visit.connected) return false;
  const auto kind = visit.failure->kind;
  if (kind == Failure::Kind::kConnect || kind == Failure::Kind::kTimeout) {
    last_good_.failed(address);
  }
  failure_ = visit.failure;
  return kind == Failure::Kind::kConnect;
}

}  // namespace icrps::http::names
