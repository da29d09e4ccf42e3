// An HTTP proxy on 127.0.0.1 that knows CONNECT, and leads every tunnel to the same port of this
// machine, whatever name it is asked for.
//
// Thread safety: all methods from any thread.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace icrps::conformance {

class ConnectProxy {
 public:
  enum class Manner { kTunnel, kRefuse, kSilent, kClose, kNonsense };

  explicit ConnectProxy(int target) : ConnectProxy(target, Manner::kTunnel) {}
  ConnectProxy(int target, Manner manner);
  /// Ends every connection.
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;
  ConnectProxy(ConnectProxy&&) = delete;
  ConnectProxy& operator=(ConnectProxy&&) = delete;

  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  /// The heads of what it was asked, in order.
  [[nodiscard]] std::vector<std::string> asked() const;
  /// What follows is answered with 407 unless it says so. The value of Proxy-Authorization.
  void demand(const std::string& authorization);
  /// Ends the tunnels that there are.
  void cut();

 private:
  void accept_clients();
  void serve(int client);
  int follow(int socket);

  const int target_;
  const Manner manner_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;  // guarded by mutex_
  std::string demanded_;            // guarded by mutex_
  std::list<int> open_;             // guarded by mutex_; sockets
  std::list<std::thread> serving_;  // the accepting thread's, and the destructor's after it
  std::thread accepting_;
};

}  // namespace icrps::conformance
