// How many requests may be in flight at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace icrps::http::cpprest {

/// A counting semaphore whose wait ends at a deadline or at a stop request.
/// Thread safety: all methods from any thread.
class Slots {
 public:
  /// A place in flight; given back by the destructor. Must not outlive its Slots.
  class Slot {
   public:
    explicit Slot(Slots& owner) : owner_(&owner) {}
    Slot(Slot&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (owner_ != nullptr) owner_->release();
    }

   private:
    Slots* owner_;
  };

  explicit Slots(unsigned count) : free_(count) {}

  /// Nothing when the deadline passed or the stop came first.
  std::optional<Slot> acquire(std::chrono::steady_clock::time_point deadline,
                              const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_until(lock, stop, deadline, [this] { return free_ > 0; })) {
      return std::nullopt;
    }
    --free_;
    return Slot(*this);
  }

 private:
  void release() {
    {
      const std::scoped_lock lock(mutex_);
      ++free_;
    }
    freed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable_any freed_;
  unsigned free_;
};

}  // namespace icrps::http::cpprest
