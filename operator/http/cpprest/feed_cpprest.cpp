#include <utility>

#include "http/cpprest/exchange.hpp"
#include "http/cpprest/loop.hpp"

namespace icrps::http::cpprest {
namespace {

constexpr int kOk = 200;
/// The library reads on while fewer bytes than this wait for the caller.
constexpr std::size_t kHighWater = std::size_t{1} << 20U;
/// A stream is mostly silent: what a burst needed isn't kept.
constexpr std::size_t kKeptCapacity = std::size_t{64} << 10U;

}  // namespace

Feed::Feed(Route route, const web::http::http_request& request, Clock::time_point head_deadline,
           std::chrono::milliseconds idle_limit)
    : Exchange(std::move(route), request), head_deadline_(head_deadline), idle_limit_(idle_limit) {}

std::optional<ResponseHead> Feed::wait_head() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return head_.has_value() || done_; });
  return std::exchange(head_, std::nullopt);
}

bool Feed::next(std::string& bytes) {
  bytes.clear();
  if (bytes.capacity() > kKeptCapacity) bytes = std::string();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !waiting_.empty() || done_; });
  if (waiting_.empty()) return false;
  bytes.swap(waiting_);
  if (held_) {
    post([self = std::static_pointer_cast<Feed>(shared_from_this())] { self->resume(); });
  }
  return true;
}

std::optional<Failure> Feed::failure() {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

void Feed::starting() {
  arm(head_deadline_);
}

void Feed::head(ResponseHead head) {
  streaming_ = head.status == kOk;
  last_byte_ = Clock::now();
  // A refusal has to come whole within the deadline of its head.
  if (streaming_) arm(last_byte_ + idle_limit_);
  {
    const std::scoped_lock lock(mutex_);
    head_ = std::move(head);
  }
  changed_.notify_one();
}

pplx::task<std::size_t> Feed::body(std::string_view bytes) {
  last_byte_ = Clock::now();
  std::optional<pplx::task<std::size_t>> later;
  {
    const std::scoped_lock lock(mutex_);
    waiting_.append(bytes);
    if (waiting_.size() >= kHighWater) {
      held_.emplace(pplx::task_completion_event<std::size_t>(), bytes.size());
      later = pplx::create_task(held_->first);
    }
  }
  changed_.notify_one();
  return later ? *later : pplx::task_from_result(bytes.size());
}

/// Lets the library read on. The server's silence is counted from now: until now it was ours.
void Feed::resume() {
  decltype(held_) held;
  {
    const std::scoped_lock lock(mutex_);
    held.swap(held_);
  }
  if (!held) return;
  last_byte_ = Clock::now();
  held->first.set(held->second);
}

void Feed::timer_fired() {
  if (!streaming_) {
    abort_here({Failure::Kind::kTimeout, peer() + ": no answer within the deadline"});
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    if (held_) last_byte_ = Clock::now();
  }
  if (last_byte_ + idle_limit_ > Clock::now()) {
    arm(last_byte_ + idle_limit_);
  } else {
    abort_here({Failure::Kind::kTimeout, peer() + ": the stream was silent for too long"});
  }
}

void Feed::ended(std::optional<Classified> failure) {
  resume();  // an answer nobody waits for any more must not keep the library waiting
  {
    const std::scoped_lock lock(mutex_);
    if (failure) failure_ = std::move(failure->failure);
    done_ = true;
  }
  changed_.notify_one();
}

}  // namespace icrps::http::cpprest
