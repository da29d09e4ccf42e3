// What the running process knows of its own health: gathers the facts of its parts, has them judged
// (controller/liveness.hpp), and shows their ages as metrics.
//
// Thread safety: all methods may be called from any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/liveness.hpp"
#include "controller/work_queue.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::controller {

class Health {
 public:
  struct Environment {
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    WorkQueue& queue;
    /// Nothing: there is no election.
    std::function<std::optional<ElectionFacts>()> election;
  };

  /// Everything passed by reference outlives it. It shows the ages from now on.
  Health(config::Liveness limits, std::size_t workers, Environment environment);
  ~Health();
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  /// A watch begins; it is judged for as long as somebody holds its pulse. `resource` as in
  /// metrics, `name` for people.
  [[nodiscard]] std::shared_ptr<kube::Pulse> watch(const std::string& resource, std::string name);
  /// A request that is not a watch's came to its end; `code` as kube::RequestObserver has it.
  void request(std::string_view code);
  /// The queue is worked on from now on.
  void working();
  /// A worker begins with one step of a namespace, which has an end of its own.
  void worker_step(std::size_t worker);
  void worker_free(std::size_t worker);

  /// Empty: alive. Otherwise the reasons why a new process is needed, a line each; they are in the
  /// log, too, when they are new.
  [[nodiscard]] std::string liveness();

 private:
  struct Watched {
    std::string resource;
    std::string name;
    std::weak_ptr<kube::Pulse> pulse;
  };

  [[nodiscard]] LivenessFacts facts();
  void show();
  void tell(const std::string& reasons);

  const config::Liveness limits_;
  const Environment environment_;
  std::mutex mutex_;
  // guarded by mutex_
  std::vector<Watched> watches_;
  kube::AnswerStreak requests_;
  std::optional<Clock::Instant> working_since_;
  std::vector<std::optional<Clock::Instant>> busy_since_;  // by worker
  bool dead_ = false;                                      // and it is in the log
};

}  // namespace icrps::controller
