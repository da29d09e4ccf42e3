// The operator with one configuration after the other: a changed one ends the work of the one
// before, and begins it anew. Writes in flight have a second; those that hang are given up, and
// done again by the new one if they are still to be done. Nothing is lost by that, because all that
// an operator knows it learns from the cluster again; where nothing is to change, nothing is
// written.
//
// Thread safety: the health questions may be asked from any thread, the rest is called by one.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "cli/outside.hpp"
#include "config/config.hpp"
#include "controller/operator.hpp"

namespace icrps::cli {

class Serving {
 public:
  /// All but the roads out of the cluster, which are the configuration's.
  using Surroundings = std::function<controller::Operator::Environment(Outside&)>;

  Serving(Surroundings surroundings, Metrics& metrics);
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  /// Stops what runs, which takes little more than a second, and begins with this.
  void begin(const config::Config& config, Outside outside);
  /// Returns when the writes in flight are finished.
  void stop();

  /// As Operator has them; before begin() nothing is ready.
  [[nodiscard]] std::string liveness() const;
  [[nodiscard]] std::string readiness() const;
  [[nodiscard]] std::string remarks() const;

 private:
  struct Work;
  [[nodiscard]] std::shared_ptr<Work> work() const;
  void forget_credentials_not_in(const config::Config& config, const Work& before);

  const Surroundings surroundings_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  std::shared_ptr<Work> work_;  // guarded by mutex_
};

}  // namespace icrps::cli
