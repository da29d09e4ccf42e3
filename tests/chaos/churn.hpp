// Users of the cluster: namespaces come, change and go, and somebody meddles with copies and
// service accounts. They know nothing of the operator and speak to the API server directly.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dice.hpp"
#include "harness/eventually.hpp"

namespace chaos {

/// What the names of their namespaces begin with.
inline constexpr auto kChurn = "churn";

class Churn {
 public:
  struct Settings {
    std::size_t most;              ///< namespaces at a time
    itest::Milliseconds pause{0};  ///< between two steps
  };

  Churn(std::uint64_t seed, Settings settings);
  ~Churn();
  Churn(const Churn&) = delete;
  Churn& operator=(const Churn&) = delete;

  /// Nothing is done while this is held. Returns when the step that was on its way is done.
  [[nodiscard]] std::unique_lock<std::mutex> pause() { return std::unique_lock(gate_); }
  /// For good.
  void end();

  // While it is paused, or has ended:

  [[nodiscard]] const std::vector<std::string>& namespaces() const { return namespaces_; }
  /// What was done so far: "create 12, edit 80, …".
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] long steps() const { return steps_; }

 private:
  void run(const std::stop_token& stop);
  void step();
  void create();
  void remove();
  void edit();
  void opt_out();
  void make_account();
  void delete_copy();
  void spoil_copy();
  void detach();
  void add_other();

  Dice dice_;
  const Settings settings_;
  std::mutex gate_;
  std::vector<std::string> namespaces_;
  std::map<std::string, long> done_;  // by kind of step
  long steps_ = 0;
  int others_ = 0;
  std::jthread thread_;
};

}  // namespace chaos
