#include <algorithm>
#include <charconv>
#include <utility>

#include "http/cpprest/exchange.hpp"

namespace icrps::http::cpprest {
namespace {

std::optional<std::size_t> announced_length(const ResponseHead& head) {
  const auto text = head.header("Content-Length");
  if (!text) return std::nullopt;
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc{}) return std::nullopt;
  return length;
}

}  // namespace

Call::Call(Route route, const web::http::http_request& request, Clock::time_point deadline,
           std::size_t max_body, bool bodiless)
    : Exchange(std::move(route), request),
      deadline_(deadline),
      max_body_(max_body),
      bodiless_(bodiless) {}

Call::Outcome Call::wait() {
  std::unique_lock lock(mutex_);
  done_changed_.wait(lock, [this] { return done_; });
  if (failure_) {
    return {tl::unexpected(std::move(failure_->failure)), failure_->unsent, connected()};
  }
  return {std::move(response_), false, true};
}

void Call::starting() {
  arm(deadline_);
}

void Call::head(ResponseHead head) {
  const auto length = announced_length(head);
  static_cast<ResponseHead&>(response_) = std::move(head);
  if (!length || bodiless_) return;
  if (*length > max_body_) return too_large();
  // A server may announce much and send nothing: that must not cost us the memory.
  constexpr std::size_t kMostToReserve = std::size_t{1} << 20U;
  response_.body.reserve(std::min(*length, kMostToReserve));
}

pplx::task<std::size_t> Call::body(std::string_view bytes) {
  if (bytes.size() > max_body_ - response_.body.size()) {
    too_large();
  } else {
    response_.body.append(bytes);
  }
  return pplx::task_from_result(bytes.size());
}

void Call::timer_fired() {
  abort_here({Failure::Kind::kTimeout,
              peer() + (response_.status == 0 ? ": no answer within the deadline"
                                              : ": the answer did not end within the deadline")});
}

void Call::too_large() {
  abort_here({Failure::Kind::kTooLarge,
              peer() + ": the answer is longer than " + std::to_string(max_body_) + " bytes"});
}

void Call::ended(std::optional<Classified> failure) {
  {
    const std::scoped_lock lock(mutex_);
    failure_ = std::move(failure);
    done_ = true;
  }
  done_changed_.notify_one();
}

}  // namespace icrps::http::cpprest
