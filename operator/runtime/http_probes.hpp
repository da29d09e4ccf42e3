// The HTTP server for /livez, /readyz and /metrics.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runtime/http_listener.hpp"

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
  /// What people are told by /readyz though it is ready; empty: nothing.
  std::function<std::string()> remarks = [] { return std::string(); };
};

/// Serves from construction to destruction on a thread of its own, where the probes are called. No
/// client keeps it from others: see HttpListener.
class ProbeServer {
 public:
  /// Throws std::runtime_error when the address can't be bound.
  ProbeServer(const ListenAddress& address, Probes probes);

  [[nodiscard]] int port() const { return listener_.port(); }

 private:
  HttpListener listener_;
};

}  // namespace icrps
