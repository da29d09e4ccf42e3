// Asks registries about logins, each on a thread of its own, so that one that is silent holds up
// nobody else's answer.
// Thread safety: ask() may be called from any thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "credentials/pure/answer.hpp"
#include "iam/registry_probe.hpp"
#include "icr/docker_config.hpp"

namespace icrps::credentials {

/// Whether a host takes a login, and lets it pull the image if there is one. Blocks; any thread.
using AskHost =
    std::function<Answer(const std::string& host, const icr::Login& login,
                         const std::optional<iam::ImageName>& image, const std::stop_token& stop)>;

/// As AskHost, at the real registries. `probe` outlives it.
[[nodiscard]] AskHost ask_registries(const iam::RegistryProbe& probe);

class Asker {
 public:
  /// Called on another thread.
  using Heard = std::function<void(const Answer& answer)>;

  /// `side_by_side`: more than there are hosts, so that nobody waits for a place behind silent
  /// ones. 0: ask() asks by itself and has heard the answer when it returns, for tests.
  explicit Asker(AskHost ask, std::size_t side_by_side = 64);
  /// Breaks off what is being asked and waits for its end.
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  Asker(Asker&&) = delete;
  Asker& operator=(Asker&&) = delete;

  struct Question {
    std::string host;
    std::shared_ptr<const icr::Login> login;
    std::optional<iam::ImageName> image{};
  };
  /// Returns at once. After `stop` nobody hears of it.
  void ask(Question question, Heard heard, std::stop_token stop);

 private:
  struct Job {
    Question question;
    Heard heard;
    std::stop_token stop;
  };
  void work(const std::stop_token& end);
  std::optional<Job> next_job();
  void answer(const Job& job, const std::stop_token& end) const;

  const AskHost ask_;
  const std::size_t side_by_side_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::deque<Job> jobs_;
  std::size_t working_ = 0;
  std::vector<std::thread::id> done_;
  std::vector<std::jthread> threads_;
  bool over_ = false;
};

}  // namespace icrps::credentials
