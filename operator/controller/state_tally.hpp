// How many namespaces are in which state, for the metric.
// Thread safety: all methods may be called from any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "plan/plan.hpp"
#include "runtime/metrics.hpp"

namespace icrps::controller {

class StateTally {
 public:
  explicit StateTally(Metrics& metrics);

  void set(const std::string& ns, plan::State state);
  void forget(const std::string& ns);

 private:
  void change(plan::State state, int by);

  Metrics& metrics_;
  std::mutex mutex_;
  // guarded by mutex_
  std::unordered_map<std::string, plan::State> states_;
  std::map<plan::State, std::size_t> counts_;
};

}  // namespace icrps::controller
