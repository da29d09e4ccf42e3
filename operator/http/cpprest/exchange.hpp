// One request on the wire, from its start to its one end.
//
// Lives on the loop; the calling thread holds it, starts it, may ask it to end, and waits. It ends
// for the caller as soon as the loop has seen the end, whatever it was; what the library still does
// with a cancelled request happens behind the caller's back, and keeps the object alive that long:
// hence shared ownership.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cpprest/http_client.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/steady_timer.hpp>

#include "http/cpprest/body_sink.hpp"
#include "http/cpprest/failures.hpp"
#include "http/cpprest/tls_setup.hpp"
#include "http/transport.hpp"

namespace icrps::http::cpprest {

using Clock = std::chrono::steady_clock;

/// The way to the server.
struct Route {
  web::http::client::http_client client;
  std::shared_ptr<TlsSetup> tls;  ///< empty for http://
  std::string peer;
  /// Without a connection, handshake included, by then it ends with kConnect; nothing: never.
  std::optional<Clock::time_point> connect_by;
};

class Exchange : public BodyReceiver, public std::enable_shared_from_this<Exchange> {
 public:
  ~Exchange() override = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  Exchange(Exchange&&) = delete;
  Exchange& operator=(Exchange&&) = delete;

  /// Puts it on the loop. Once, from any thread.
  void start();

  /// The caller's last word: ends it unless it has ended, and lets go of it on the loop, where a
  /// stream's own client may then close its connection.
  static void leave(std::shared_ptr<Exchange> last);

  /// Ends it with this failure unless it has ended. From any thread, any number of times.
  void abort(Failure failure);

  /// Whether the head of the request was written to a connection. From any thread.
  [[nodiscard]] bool connected() const { return connected_; }

 protected:
  Exchange(Route route, const web::http::http_request& request);

  // What a derived class sees of it, all on the loop.

  /// The request is about to start: the moment to arm the timer.
  virtual void starting() = 0;
  virtual void head(ResponseHead head) = 0;
  /// Not called after ended().
  virtual pplx::task<std::size_t> body(std::string_view bytes) = 0;
  /// The timer that arm() set has run out.
  virtual void timer_fired() = 0;
  /// Exactly once, and the last; empty: in order.
  virtual void ended(std::optional<Classified> failure) = 0;

  // What it may do there.

  /// Sets the one timer, anew if it is running.
  void arm(Clock::time_point when);
  void disarm();
  void abort_here(Failure failure);
  [[nodiscard]] const std::string& peer() const { return route_.peer; }

 private:
  pplx::task<std::size_t> receive(std::string_view bytes) final;
  void run();
  void limit_connecting();
  void on_written();
  void on_head(const pplx::task<web::http::http_response>& task);
  void on_end(const pplx::task<web::http::http_response>& task);
  void finish(std::optional<Classified> failure);
  void fail(const std::exception_ptr& error);

  Route route_;
  web::http::http_request request_;
  pplx::cancellation_token_source cancellation_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer connect_timer_;
  std::atomic<bool> connected_{false};
  bool ended_ = false;
};

/// A whole answer, collected.
class Call final : public Exchange {
 public:
  Call(Route route, const web::http::http_request& request, Clock::time_point deadline,
       std::size_t max_body, bool bodiless);

  struct Outcome {
    Result result;
    bool unsent = false;
    bool connected = false;
  };
  /// Blocks the calling thread until the end. Once.
  Outcome wait();

 private:
  void starting() override;
  void head(ResponseHead head) override;
  pplx::task<std::size_t> body(std::string_view bytes) override;
  void timer_fired() override;
  void ended(std::optional<Classified> failure) override;
  void too_large();

  const Clock::time_point deadline_;
  const std::size_t max_body_;
  const bool bodiless_;
  Response response_;  ///< the loop's until done_, the caller's from then on

  std::mutex mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;
  std::optional<Classified> failure_;
};

/// An answer whose body is read while it comes.
class Feed final : public Exchange {
 public:
  Feed(Route route, const web::http::http_request& request, Clock::time_point head_deadline,
       std::chrono::milliseconds idle_limit);

  /// Blocks until the head is there, or the end: then nothing.
  std::optional<ResponseHead> wait_head();
  /// Blocks until there are bytes and swaps them into `bytes`; false at the end.
  bool next(std::string& bytes);
  /// After the end; empty: in order.
  [[nodiscard]] std::optional<Failure> failure();

 private:
  void starting() override;
  void head(ResponseHead head) override;
  pplx::task<std::size_t> body(std::string_view bytes) override;
  void timer_fired() override;
  void ended(std::optional<Classified> failure) override;
  void resume();

  const Clock::time_point head_deadline_;
  const std::chrono::milliseconds idle_limit_;

  // The loop's own.
  bool streaming_ = false;  ///< the head said 200
  Clock::time_point last_byte_;

  std::mutex mutex_;  ///< guards the rest
  std::condition_variable changed_;
  std::optional<ResponseHead> head_;
  std::string waiting_;  ///< bytes the caller hasn't taken yet
  /// Set while the library is kept from reading on; its value is what it waits for.
  std::optional<std::pair<pplx::task_completion_event<std::size_t>, std::size_t>> held_;
  bool done_ = false;
  std::optional<Failure> failure_;
};

}  // namespace icrps::http::cpprest
