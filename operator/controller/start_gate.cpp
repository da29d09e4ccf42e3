#include "controller/start_gate.hpp"

namespace icrps::controller {

void StartGate::check() {
  const bool known = parts_.namespaces();
  {
    const std::lock_guard lock(mutex_);
    if (known && !namespaces_since_) namespaces_since_ = clock_.now();
    ++checks_;
  }
  wake_.notify_all();
}

bool StartGate::wait(const std::stop_token& stop) {
  // Asked without the lock: the answers come from others who lock, and call check().
  const auto until = [&](std::optional<Clock::Instant> end, const std::function<bool()>& reached) {
    while (!stop.stop_requested()) {
      unsigned long seen = 0;
      {
        const std::lock_guard lock(mutex_);
        seen = checks_;
      }
      if (reached()) return;
      std::unique_lock lock(mutex_);
      const auto news = [&] { return checks_ != seen; };
      if (!end) {
        wake_.wait(lock, stop, news);
      } else if (!wake_.wait_until(lock, stop, *end, news)) {
        return;
      }
    }
  };
  until(std::nullopt, parts_.namespaces);
  check();
  until(clock_.now() + kListPatience, [this] { return parts_.not_listed().empty(); });
  until(clock_.now() + kSourcePatience, [this] { return parts_.not_settled().empty(); });
  if (stop.stop_requested()) return false;
  const std::lock_guard lock(mutex_);
  open_ = true;
  return true;
}

bool StartGate::open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

bool StartGate::lists_given_up() const {
  const std::lock_guard lock(mutex_);
  return namespaces_since_ && clock_.now() >= *namespaces_since_ + kListPatience;
}

std::vector<std::string> StartGate::awaited(bool leading) const {
  if (open()) return {};
  auto lists = parts_.not_listed();
  if (!lists.empty() && !lists_given_up()) return lists;
  return leading ? parts_.not_settled() : std::vector<std::string>{};
}

std::vector<std::string> StartGate::missing() const {
  return open() ? parts_.not_listed() : std::vector<std::string>{};
}

}  // namespace icrps::controller
