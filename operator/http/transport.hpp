// HTTP as the rest of the program sees it: one origin, requests in, answers or failures out.
//
// Abstract so that tests can script it and so that the HTTP library is one file. An answer with
// any status is a Response; only the absence of an answer is a Failure. Redirects are never
// followed: a 3xx is a Response like any other, so that credentials can't be sent to a stranger.
//
// Thread safety: every method may be called from any number of threads at once. Calls block the
// caller; none may be made from a callback in the transport's options. A transport must not be
// destroyed before its calls have returned.
//
// A request that can't be right is the programmer's error and throws std::invalid_argument: a
// target that isn't in origin form, a header with a control character, Authorization included.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace icrps::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete };

/// "GET", "POST", …
[[nodiscard]] std::string_view to_string(Method method);

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  Method method = Method::kGet;
  /// Origin form, already percent-encoded: "/api/v1/namespaces?limit=500".
  std::string target;
  /// Without Authorization (the transport adds it) and without Host.
  std::vector<Header> headers;
  std::string body;
  /// From the call to the last byte of the answer, waiting for a free slot included.
  std::chrono::milliseconds deadline{10'000};
  /// A longer body is Failure::Kind::kTooLarge.
  std::size_t max_body = std::size_t{64} << 20U;
};

struct ResponseHead {
  int status = 0;
  std::vector<Header> headers;

  /// The first value of that name, compared without case.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

struct Response : ResponseHead {
  std::string body;
};

struct Failure {
  enum class Kind {
    kConnect,   ///< no connection: refused, unreachable, name not resolved
    kTls,       ///< the handshake failed, or the certificate is not for this host
    kTimeout,   ///< the deadline or the idle limit passed
    kCanceled,  ///< the caller's stop token
    kBroken,    ///< the connection broke; the server may have acted on the request
    kTooLarge,  ///< the body is longer than the caller allows
  };
  Kind kind = Kind::kBroken;
  std::string message;  ///< for people; never holds headers or bodies
};

/// "connect", "tls", …
[[nodiscard]] std::string_view to_string(Failure::Kind kind);

using Result = tl::expected<Response, Failure>;

struct StreamRequest {
  std::string target;
  std::vector<Header> headers;
  /// Until the head of the answer is there; until all of it when its status isn't 200.
  std::chrono::milliseconds head_deadline{30'000};
  /// No byte for this long ends the stream with kTimeout. An implementation may count whole chunks
  /// only. Time in which the caller is slow doesn't count.
  std::chrono::milliseconds idle_limit{330'000};
  /// Called on the calling thread when the head is there and its status is 200, before any bytes.
  std::function<void()> on_open{};
};

/// How a stream ended. `refused` is the answer when its status was not 200, its body cut at 1 MiB;
/// otherwise `failure` says what broke it, and neither means that the server closed it in order or
/// that the caller had enough.
struct StreamEnd {
  std::optional<Response> refused;
  std::optional<Failure> failure;
};

class Transport {
 public:
  virtual ~Transport() = default;

  /// One request, one answer. A POST may reach the server twice (a pooled connection that died is
  /// replaced and the request sent again): the caller uses fixed names and reads a 409 as
  /// "perhaps mine". A stop request ends the call with kCanceled within a moment.
  virtual Result send(const Request& request, std::stop_token stop) = 0;

  /// A GET whose body is read as it comes, on a connection of its own outside the in-flight limit.
  /// `on_bytes` runs on the calling thread; the server is slowed down when it is slow. It returns
  /// false to end the stream in order; what it throws reaches the caller. Bytes received before a
  /// break are delivered before the end; those of a chunk that broke off may be lost. After a stop
  /// request nothing more is delivered.
  virtual StreamEnd stream(const StreamRequest& request,
                           const std::function<bool(std::string_view)>& on_bytes,
                           std::stop_token stop) = 0;
};

}  // namespace icrps::http
