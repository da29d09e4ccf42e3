// The programs of the sandbox, from within a test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace itest {

/// `tests/sandbox/ctl api ACTION`: stop, start, restart, kill.
void api_server(const std::string& action);

/// Makes etcd forget everything but the present state of all objects.
void compact_etcd();

/// Lets etcd give out so many revisions, as a cluster does by itself in time.
void pass_revisions(std::int64_t count);

/// etcd as it is now, to be put back later.
class EtcdBackup {
 public:
  EtcdBackup();
  EtcdBackup(const EtcdBackup&) = delete;
  EtcdBackup& operator=(const EtcdBackup&) = delete;

  enum class Versions {
    kGoBack,  ///< as after `etcdutl snapshot restore`
    kRaised,  ///< as with --bump-revision and --mark-compacted
  };
  /// What people do: everything that works with etcd is stopped, its data are replaced, and all is
  /// started again. Returns when the API server is ready.
  void restore(Versions versions) const;

 private:
  std::string folder_;
};

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
