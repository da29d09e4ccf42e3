#include <utility>

#include "http/cpprest/exchange.hpp"
#include "http/cpprest/loop.hpp"

namespace icrps::http::cpprest {
namespace {

ResponseHead head_of(const web::http::http_response& response) {
  ResponseHead head;
  head.status = response.status_code();
  head.headers.reserve(response.headers().size());
  for (const auto& [name, value] : response.headers()) head.headers.push_back({name, value});
  return head;
}

}  // namespace

Exchange::Exchange(Route route, const web::http::http_request& request)
    : route_(std::move(route)), request_(request), timer_(loop()), connect_timer_(loop()) {}

void Exchange::start() {
  post([self = shared_from_this()] { self->run(); });
}

void Exchange::abort(Failure failure) {
  post([self = shared_from_this(), why = std::move(failure)]() mutable {
    self->abort_here(std::move(why));
  });
}

void Exchange::leave(std::shared_ptr<Exchange> last) {
  post([self = std::move(last)] { self->abort_here({Failure::Kind::kCanceled, {}}); });
}

void Exchange::run() {
  if (ended_) return;
  starting();
  limit_connecting();
  try {
    request_.set_response_stream(make_body_sink(weak_from_this()));
    route_.client.request(request_, cancellation_.get_token())
        .then([self = shared_from_this()](const pplx::task<web::http::http_response>& task) {
          self->on_head(task);
        });
  } catch (...) {
    fail(std::current_exception());
  }
}

/// The library tells of progress first when it has written the head of a request, or all of one
/// without a body: that takes a connection, and a handshake where there is one.
void Exchange::limit_connecting() {
  request_.set_progress_handler([weak = weak_from_this()](auto direction, auto /*bytes*/) {
    if (direction != web::http::message_direction::upload) return;
    if (const auto self = weak.lock()) self->on_written();
  });
  if (!route_.connect_by) return;
  connect_timer_.expires_at(*route_.connect_by);
  connect_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->connected_) return;
    self->abort_here({Failure::Kind::kConnect,
                      self->peer() + ": no connection within a fair share of the time"});
  });
}

void Exchange::on_written() {
  if (!connected_.exchange(true)) connect_timer_.cancel();
}

void Exchange::on_head(const pplx::task<web::http::http_response>& task) {
  // Both tasks are observed even after the end: an error nobody looks at ends the process.
  try {
    const web::http::http_response response = task.get();
    if (!ended_) head(head_of(response));
    response.content_ready().then(
        [self = shared_from_this()](const pplx::task<web::http::http_response>& end) {
          self->on_end(end);
        });
  } catch (...) {
    fail(std::current_exception());
  }
}

void Exchange::on_end(const pplx::task<web::http::http_response>& task) {
  try {
    (void)task.get();
    finish(std::nullopt);
  } catch (...) {
    fail(std::current_exception());
  }
}

pplx::task<std::size_t> Exchange::receive(std::string_view bytes) {
  if (ended_) return pplx::task_from_result(bytes.size());
  return body(bytes);
}

void Exchange::arm(Clock::time_point when) {
  timer_.expires_at(when);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->ended_) self->timer_fired();
  });
}

void Exchange::disarm() {
  timer_.cancel();
}

void Exchange::abort_here(Failure failure) {
  if (ended_) return;
  // Not at once: this may run inside a step of the very connection that is about to be closed.
  post([self = shared_from_this()] { self->cancellation_.cancel(); });
  finish(Classified{std::move(failure), false});
}

void Exchange::fail(const std::exception_ptr& error) {
  if (ended_) return;
  finish(classify(error, route_.peer, route_.tls ? route_.tls->last_refusal() : std::string()));
}

void Exchange::finish(std::optional<Classified> failure) {
  if (std::exchange(ended_, true)) return;
  disarm();
  connect_timer_.cancel();
  // One step later the library has put the connection back or closed it: whoever waits for a free
  // place in flight finds it there, and the number of connections stays below that of places.
  post([self = shared_from_this(), end = std::move(failure)]() mutable {
    self->ended(std::move(end));
  });
}

}  // namespace icrps::http::cpprest
