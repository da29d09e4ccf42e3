// A configuration that changes while the operator runs: read, checked as a whole, and only then in
// force. One that can't be used is refused, and the one before stays.
//
// Thread safety: none; the thread that waits for signals calls it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "cli/outside.hpp"
#include "cli/run/config_map_feed.hpp"
#include "config/change.hpp"
#include "config/config.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::cli {

class Reload {
 public:
  struct Environment {
    std::string file;
    const ConfigMapFeed* feed;  ///< where the file comes from; null: not known, or it is no cluster
    const Clock& clock;
    Log& log;
    Metrics& metrics;
    /// A sentence for a person: for the Event of a configuration that is refused.
    std::function<void(const std::string& why)> on_refused;
    /// The roads that a configuration needs, or what stands in its way outside: no rights, no file.
    std::function<tl::expected<Outside, std::string>(const config::Config& running,
                                                     const config::Config& next)>
        roads;
    std::function<void(const config::Config&, Outside)> begin;
  };

  /// `running` is in force, and `text` is what it was read from.
  Reload(config::Config running, const std::string& text, Environment environment);

  /// Looks whether the configuration, or a file of authorities that it names, has changed, and puts
  /// it in force when it has. Returns how long to wait for the next look; SIGHUP makes it shorter.
  std::chrono::milliseconds look();

 private:
  [[nodiscard]] tl::expected<std::string, std::string> text() const;
  void read(const tl::expected<std::string, std::string>& text);
  void take(const config::Config& next, bool authorities_changed);
  void begin(const config::Config& next, Outside outside);
  void tell(const config::Change& change, bool begun) const;
  void refuse(const std::string& why);

  const Environment environment_;
  config::Config running_;  // what is in force
  config::Settling text_;
  config::Settling authorities_;        // of the files that running_ names
  std::optional<config::Config> held_;  // nothing is wrong with it; it waits for what it needs
  std::string refusal_;                 // of what was read last
};

}  // namespace icrps::cli
