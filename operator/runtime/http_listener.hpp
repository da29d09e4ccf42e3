// A small HTTP/1.1 server for answers that are ready at once: one thread serves all clients, so
// that none of them can keep it from the others, however slowly it sends or reads.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace icrps {

struct HttpAnswer {
  int status = 200;
  std::string type = "text/plain";
  std::string body;
};

/// Each connection is good for one request. Bodies of requests are not looked at.
class HttpListener {
 public:
  struct Limits {
    std::chrono::milliseconds time{5000};  ///< for all of a connection
    std::size_t clients = 64;              ///< at a time; of more the oldest goes
  };
  /// Called on the server's thread: it must not wait for anything. What it throws becomes a 500.
  /// `path` is without the query.
  using Handler = std::function<HttpAnswer(std::string_view method, std::string_view path)>;

  /// Serves from construction to destruction. Port 0: any free one. "::" is every address of the
  /// machine, of IPv4 too, and also where there is no IPv6. Throws std::runtime_error when the
  /// address can't be bound.
  HttpListener(const std::string& host, int port, Handler handler, Limits limits);
  HttpListener(const std::string& host, int port, Handler handler)
      : HttpListener(host, port, std::move(handler), Limits{}) {}
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  [[nodiscard]] int port() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace icrps
