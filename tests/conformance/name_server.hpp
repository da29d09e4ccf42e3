// A real name server, UDP and TCP, that answers each name as it is told.
//
// Thread safety: all methods from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace icrps::conformance {

/// How a name is answered. Without anything: it exists and has no address.
struct Named {
  std::vector<std::string> ipv4{};
  std::vector<std::string> ipv6{};
  std::chrono::milliseconds after{0};
  bool silent = false;
  bool silent_for_ipv6 = false;
  int code = 0;          ///< of the answer: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED
  bool garbage = false;  ///< the right number, then nonsense
  bool noise = false;    ///< not even that
};

class NameServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    int port = 0;             ///< 0: a free one
    Named others{.code = 3};  ///< names that aren't told of
  };

  explicit NameServer(std::map<std::string, Named> names) : NameServer(std::move(names), {}) {}
  NameServer(std::map<std::string, Named> names, Options options);
  ~NameServer();
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  NameServer(NameServer&&) = delete;
  NameServer& operator=(NameServer&&) = delete;

  void set(const std::string& name, Named answer);
  /// "127.0.0.1:PORT"
  [[nodiscard]] std::string address() const {
    return options_.address + ":" + std::to_string(port_);
  }
  /// How often it was asked for the IPv4 addresses of that name.
  [[nodiscard]] unsigned asked(const std::string& name) const;

 private:
  struct Delayed {
    std::chrono::steady_clock::time_point when;
    std::string reply;
    std::string to;  ///< a sockaddr, as it came
  };

  void serve();
  void answer_datagram();
  void answer_connection();
  void send_due();
  /// Empty: none. `whole`: no limit to its length.
  std::string reply_to(const std::string& query, bool whole, std::chrono::milliseconds& after);

  const Options options_;
  int udp_ = -1;
  int tcp_ = -1;
  int bell_ = -1;
  int port_ = 0;
  std::vector<Delayed> delayed_;  ///< the thread's

  mutable std::mutex mutex_;  ///< guards the rest
  std::map<std::string, Named> names_;
  std::map<std::string, unsigned> asked_;

  std::jthread thread_;
};

}  // namespace icrps::conformance
