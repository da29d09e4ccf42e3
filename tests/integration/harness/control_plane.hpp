// The programs of the sandbox, from within a test.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace itest {

/// `tests/sandbox/ctl api ACTION`: stop, start, restart, kill.
void api_server(const std::string& action);

/// Makes etcd forget everything but the present state of all objects.
void compact_etcd();

/// Drops all packets of the connections to this port of 127.0.0.1 that there are now, both ways:
/// both ends are left without a word. Until it goes; new connections are not touched.
class Blackhole {
 public:
  explicit Blackhole(const std::string& port);
  ~Blackhole();
  Blackhole(const Blackhole&) = delete;
  Blackhole& operator=(const Blackhole&) = delete;

  /// How many connections it swallows.
  [[nodiscard]] std::size_t size() const { return swallowed_.size(); }

 private:
  std::string port_;
  std::vector<std::string> swallowed_;  // ports of the other ends
};

}  // namespace itest
