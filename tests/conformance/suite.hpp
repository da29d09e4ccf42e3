// What the tests of all files use.
//
// Assertions are made on the main thread only: Catch2 isn't made for others. Scripts and callers on
// other threads leave what they saw in values.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "http/transport.hpp"
#include "http/transport_cpprest.hpp"
#include "tls_server.hpp"

namespace icrps::conformance {

using namespace std::chrono_literals;
using Kind = http::Failure::Kind;

/// First thing in main.
void initialize_under_test();
std::unique_ptr<http::Transport> make_transport(http::TransportOptions options);

/// What "within a moment" may take on a busy machine.
inline constexpr std::chrono::milliseconds kMoment{1500};

struct World {
  Authority authority{"test authority"};
  Authority client_authority{"test client authority"};
  Identity server =
      authority.issue({.common_name = "server", .alternative_names = "DNS:localhost,IP:127.0.0.1"});
};
const World& world();

/// A server with the world's identity.
[[nodiscard]] ServerOptions tls();
/// Options of a transport that trusts the world's authority.
[[nodiscard]] http::TransportOptions trusting(const std::string& origin);
[[nodiscard]] std::unique_ptr<http::Transport> transport_to(const Server& server);

[[nodiscard]] http::Request get(std::string target, std::chrono::milliseconds deadline = 20s);
[[nodiscard]] http::Request post(std::string target, std::string body);
[[nodiscard]] http::StreamRequest watch(std::string target);

/// Answers every request with its own method, target and body.
void echo(Connection& connection);
/// A script that answers every request alike.
[[nodiscard]] Server::Script always(std::string bytes);

class Stopwatch {
 public:
  [[nodiscard]] std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Waits until the condition holds; false when it doesn't within a generous time.
template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = 20s) {
  const Stopwatch watch;
  while (!condition()) {
    if (watch.elapsed() > limit) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

struct StreamResult {
  std::string bytes;
  http::StreamEnd end;
};
/// Reads a stream to its end.
StreamResult read_all(http::Transport& transport, const http::StreamRequest& request,
                      std::stop_token stop = {});

[[nodiscard]] std::size_t open_descriptors();
/// The same, after whatever the HTTP library opens once and keeps is open.
[[nodiscard]] std::size_t descriptors_at_rest();
[[nodiscard]] std::size_t resident_bytes();
/// Of this process, all threads.
[[nodiscard]] std::chrono::microseconds processor_time();

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace icrps::conformance
