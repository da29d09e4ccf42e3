// An API server by script: answers come from a queue or from a function, requests are written down.
// Thread safety: none; tests call it from one thread.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "http/transport.hpp"

namespace icrps::test {

class FakeTransport final : public http::Transport {
 public:
  struct Stream {
    std::vector<std::string> chunks;
    http::StreamEnd end;
  };

  http::Result send(const http::Request& request, std::stop_token stop) override;
  http::StreamEnd stream(const http::StreamRequest& request,
                         const std::function<bool(std::string_view)>& on_bytes,
                         std::stop_token stop) override;

  /// The next answers, in order.
  FakeTransport& will(http::Result answer);
  FakeTransport& will(int status, std::string body = {}, std::vector<http::Header> headers = {});
  FakeTransport& will_stream(std::vector<std::string> chunks, http::StreamEnd end = {});
  FakeTransport& will_refuse_stream(int status, std::string body = {});

  /// "PATCH /api/v1/…" of each request; "STREAM /api/v1/…" of each stream.
  std::vector<std::string> lines;
  std::vector<http::Request> requests;
  std::vector<http::StreamRequest> streams;
  /// Instead of the queue, when set.
  std::function<http::Result(const http::Request&)> answer;
  /// Called when the script has no answer left; the caller then gets a broken connection.
  std::function<void()> on_exhausted = [] {};

 private:
  std::deque<http::Result> answers_;
  std::deque<Stream> streams_;
};

[[nodiscard]] http::Response response(int status, std::string body = {},
                                      std::vector<http::Header> headers = {});
[[nodiscard]] http::Result failure(http::Failure::Kind kind, std::string message = "no luck");
/// How a stream ends that breaks.
[[nodiscard]] http::StreamEnd breaks(http::Failure::Kind kind, std::string message = "no luck");

/// The first value of a header of a request, or "".
[[nodiscard]] std::string header(const std::vector<http::Header>& headers, const std::string& name);

}  // namespace icrps::test
