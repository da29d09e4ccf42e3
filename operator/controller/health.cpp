#include "controller/health.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace icrps::controller {

Health::Health(config::Liveness limits, std::size_t workers, Environment environment)
    : limits_(limits), environment_(std::move(environment)), busy_since_(workers) {
  environment_.metrics.before_text(this, [this] { show(); });
}

Health::~Health() {
  environment_.metrics.no_more_before_text(this);
}

std::shared_ptr<kube::Pulse> Health::watch(const std::string& resource, std::string name) {
  auto pulse = std::make_shared<kube::Pulse>(environment_.clock);
  const std::lock_guard lock(mutex_);
  std::erase_if(watches_, [](const Watched& watched) { return watched.pulse.expired(); });
  watches_.push_back({resource, std::move(name), pulse});
  return pulse;
}

void Health::request(std::string_view code) {
  const auto now = environment_.clock.now();
  const std::lock_guard lock(mutex_);
  count(requests_, code, now, recently(limits_.watch));
}

void Health::working() {
  const auto now = environment_.clock.now();
  const std::lock_guard lock(mutex_);
  working_since_ = now;
}

void Health::worker_step(std::size_t worker) {
  const auto now = environment_.clock.now();
  const std::lock_guard lock(mutex_);
  busy_since_[worker] = now;
}

void Health::worker_free(std::size_t worker) {
  const std::lock_guard lock(mutex_);
  busy_since_[worker].reset();
}

LivenessFacts Health::facts() {
  LivenessFacts facts;
  facts.election = environment_.election();
  auto queue = environment_.queue.facts();
  const std::lock_guard lock(mutex_);
  for (const auto& watched : watches_) {
    if (const auto pulse = watched.pulse.lock()) {
      facts.watches.push_back({watched.name, pulse->facts()});
    }
  }
  facts.requests = requests_;
  facts.workers = busy_since_;
  if (working_since_) {
    queue.handed_out = std::max(queue.handed_out, *working_since_);
    facts.queue = queue;
  }
  facts.now = environment_.clock.now();  // last: nothing above is later
  return facts;
}

std::string Health::liveness() {
  auto reasons = fmt::format("{}", fmt::join(reasons_to_restart(facts(), limits_), "\n"));
  tell(reasons);
  return reasons;
}

void Health::tell(const std::string& reasons) {
  {
    const std::lock_guard lock(mutex_);
    if (dead_ == !reasons.empty()) return;
    dead_ = !dead_;
  }
  if (reasons.empty()) {
    environment_.log.info("live again");
  } else {
    environment_.log.error("not live, a new process is needed", {{"reasons", reasons}});
  }
}

void Health::show() {
  const auto now = environment_.clock.now();
  const auto wall = environment_.clock.wall();
  const auto queue = environment_.queue.facts();
  std::map<std::string, Clock::Instant> oldest;  // by resource
  bool working = false;
  {
    const std::lock_guard lock(mutex_);
    working = working_since_.has_value();
    for (const auto& watched : watches_) {
      const auto pulse = watched.pulse.lock();
      if (!pulse) continue;
      const auto sign = pulse->facts().last_sign;
      const auto [at, added] = oldest.try_emplace(watched.resource, sign);
      if (!added) at->second = std::min(at->second, sign);
    }
  }
  using WallTime = std::chrono::system_clock::duration;
  for (const auto& [resource, sign] : oldest) {
    environment_.metrics.set_watch_sign(resource,
                                        wall - std::chrono::duration_cast<WallTime>(now - sign));
  }
  const bool waits = working && queue.oldest_due;
  environment_.metrics.set_queue_oldest(std::max(
      waits ? now - *queue.oldest_due : Clock::Instant::duration(0), Clock::Instant::duration(0)));
}

}  // namespace icrps::controller
