// A server in a process of its own, for tests that measure what the client costs.
//
// It is this executable, started again with --serve.
#pragma once

#include <string>
#include <sys/types.h>

namespace icrps::conformance {

/// Answers POSTs at once; /slow after up to 20 ms; /stream with a small chunk each 2 ms.
class RemoteServer {
 public:
  RemoteServer();
  ~RemoteServer();
  RemoteServer(const RemoteServer&) = delete;
  RemoteServer& operator=(const RemoteServer&) = delete;
  RemoteServer(RemoteServer&&) = delete;
  RemoteServer& operator=(RemoteServer&&) = delete;

  [[nodiscard]] const std::string& origin() const { return origin_; }
  [[nodiscard]] const std::string& authority() const { return authority_; }

  /// What the other process does: tells origin and authority on standard output, serves until its
  /// standard input ends.
  static int serve();

 private:
  pid_t process_ = -1;
  int input_ = -1;  ///< the other process's
  std::string origin_;
  std::string authority_;
};

}  // namespace icrps::conformance
