#include "controller/crew.hpp"

#include <utility>

namespace icrps::controller {

Crew::Crew(std::size_t most, std::stop_token stop, Work work)
    : most_(most), stop_(std::move(stop)), work_(std::move(work)) {
  members_.reserve(most);
  const std::lock_guard lock(mutex_);
  enlist();
}

void Crew::enlist() {
  if (stop_.stop_requested() || members_.size() == most_) return;
  ++free_;
  members_.emplace_back([this, member = members_.size()] { work_(*this, stop_, member); });
}

void Crew::busy() {
  const std::lock_guard lock(mutex_);
  if (--free_ == 0) enlist();
}

void Crew::free() {
  const std::lock_guard lock(mutex_);
  ++free_;
}

/// Only members make members: when all that there are have ended, there will be no others.
void Crew::join() {
  for (std::size_t member = 0; member < size(); ++member) {
    auto& one = members_[member];  // stays where it is: there is room for all
    if (one.joinable()) one.join();
  }
}

std::size_t Crew::size() const {
  const std::lock_guard lock(mutex_);
  return members_.size();
}

}  // namespace icrps::controller
