// The HTTP server for /livez, /readyz and /metrics.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace icrps {

/// "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses).
struct ListenAddress {
  std::string host;
  int port = 0;  ///< 0: any free one
};
[[nodiscard]] std::optional<ListenAddress> parse_listen_address(const std::string& text);

/// Each returns an empty text when all is well, else the reasons why not, for people.
struct Probes {
  std::function<std::string()> live;
  std::function<std::string()> ready;
  std::function<std::string()> metrics;  ///< the exposition text
};

/// Serves from construction to destruction on threads of its own; the probes are called on them.
/// A client that sends or reads nothing is dropped after 5 s and holds one of few threads.
class ProbeServer {
 public:
  /// Throws std::runtime_error when the address can't be bound.
  ProbeServer(const ListenAddress& address, Probes probes);
  ~ProbeServer();
  ProbeServer(const ProbeServer&) = delete;
  ProbeServer& operator=(const ProbeServer&) = delete;

  [[nodiscard]] int port() const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace icrps
