// Asks the hosts: about a login that is to be handed out (a trial, pure/trial.hpp), and about the
// one in force (pure/host_book.hpp), at hosts that namespaces begin to ask for and where there is a
// doubt. Their no to that one is told, and changes nothing where the credential works.
//
// Answers come in on other threads and are taken by hear() and await().
// Thread safety: asked_for() from any thread, the rest from the source's own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "credentials/asker.hpp"
#include "credentials/publisher.hpp"
#include "credentials/pure/host_book.hpp"
#include "credentials/pure/trial.hpp"
#include "credentials/source_context.hpp"

namespace icrps::credentials {

class HostProofs {
 public:
  using Instant = Clock::Instant;
  using SharedLogin = std::shared_ptr<const icr::Login>;
  struct Subject {
    std::string credential;
    std::string source;  ///< how a message calls it: "Secret icr-api-key, the source"
    std::optional<iam::ImageReference> image{};  ///< to be pullable
  };
  struct Channels {
    std::function<void(const plan::Problem& problem)> tell;
    /// Any thread: there is something to hear() or to tend().
    std::function<void()> news;
  };

  /// `context` and `publisher` outlive this.
  HostProofs(Subject subject, SourceContext& context, Publisher& publisher, Channels channels);
  /// Breaks off what is being asked.
  ~HostProofs();
  HostProofs(const HostProofs&) = delete;
  HostProofs& operator=(const HostProofs&) = delete;
  HostProofs(HostProofs&&) = delete;
  HostProofs& operator=(HostProofs&&) = delete;

  /// A namespace that may use the credential asks for these. Said of each namespace at each of its
  /// reconciles.
  void asked_for(const icr::Hosts& hosts);

  /// All that is to be asked now: the hosts that namespaces ask for, and the image. Nothing: not
  /// known yet.
  std::optional<icr::Hosts> places();

  // A login that is to be handed out

  /// Begins to ask; what was asked about another one is broken off.
  void try_login(SharedLogin login, const icr::Hosts& places, Against against);
  void drop_trial();
  /// A verdict is still to come.
  [[nodiscard]] bool trying() const { return trial_ && !judged_; }
  /// Takes the answers that came in. A verdict, once: when there is one, and again when a host
  /// that is asked for since has changed it.
  std::optional<Verdict> hear();
  /// The same, waiting for it. kCanceled as `why` of kUnknown: the stop came first.
  Verdict await(const std::stop_token& stop);
  /// The trial's login is in force now. Those who have not answered yet go on being asked.
  void take_over();

  // The login in force

  /// One that was in force before this process. `look`: all hosts are asked about it.
  void in_force(SharedLogin login, bool look);
  [[nodiscard]] bool knows_one_in_force() const { return force_.login != nullptr; }
  [[nodiscard]] bool is_in_force(const icr::Login& login) const {
    return force_.login && *force_.login == login;
  }
  /// Asks those that are due. When to come back, if there is no news before.
  std::optional<Instant> tend();

 private:
  /// A login and those who are asked about it.
  struct Round {
    unsigned id = 0;
    SharedLogin login{};
    std::stop_source stop{};
  };
  enum class About { kLogin, kComparison };
  struct Heard {
    unsigned round;
    About about;
    std::string place;
    Answer answer;
  };

  void ask(const Round& round, About about, const icr::Hosts& places, const SharedLogin& login);
  [[nodiscard]] Asker::Question question(const std::string& place, SharedLogin login) const;
  bool take_mail();
  void take(const Heard& heard);
  void note(const std::string& place, const Answer& answer, bool in_trial);
  void new_hosts(const icr::Hosts& hosts);
  [[nodiscard]] icr::Hosts with_image(icr::Hosts hosts) const;
  [[nodiscard]] std::string image_place() const;
  void compare(const icr::Hosts& places);
  std::optional<Instant> patience_ends() const;
  void tell(const iam::Refusal& refusal) const;
  void show_doubt();

  const Subject subject_;
  SourceContext& context_;
  Publisher& publisher_;
  const Channels channels_;

  unsigned rounds_ = 0;
  std::optional<Trial> trial_;
  Round trial_round_;
  Instant trial_since_;
  icr::Hosts compared_;
  bool judged_ = false;

  HostBook book_;
  Round force_;
  bool untracked_ = false;  ///< the book does not know yet which hosts count

  mutable std::mutex mutex_;
  std::condition_variable_any woken_;
  // Guarded by mutex_.
  icr::Hosts asked_;
  icr::Hosts new_hosts_;
  std::vector<Heard> mail_;

  Asker asker_;  // the last: its threads use the others
};

}  // namespace icrps::credentials
