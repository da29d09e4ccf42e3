// At which hosts a credential has been proved, and what becomes of those that namespaces begin to
// ask for later: they are asked soon, with the login in force, and apart from the others. Their no
// is told, and changes nothing where the credential works.
// Thread safety: asked_for() from any thread, the rest from the source's own.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "credentials/prover.hpp"
#include "credentials/publisher.hpp"
#include "credentials/source_context.hpp"

namespace icrps::credentials {

/// An Event's reason for a refusal.
[[nodiscard]] std::string_view reason_of(const iam::Refusal& refusal);

class HostProofs {
 public:
  using Delay = std::optional<std::chrono::milliseconds>;
  struct Subject {
    std::string credential;
    std::string source;  ///< how a message calls it: "Secret icr-api-key, the source"
  };
  using Tell = std::function<void(const plan::Problem& problem)>;

  /// `context` and `publisher` outlive this.
  HostProofs(Subject subject, SourceContext& context, Publisher& publisher, Tell tell);

  /// A namespace that may use the credential asks for these. True: some of them are new, and
  /// check() has something to do. Said of each namespace at each of its reconciles.
  bool asked_for(const icr::Hosts& hosts);

  /// All that are asked for now; nothing: not known yet.
  std::optional<icr::Hosts> hosts();

  /// Those of them whose no holds up a new value: all but the hosts where the one in force is known
  /// not to work. If it works at none of them, or there is none, all.
  [[nodiscard]] icr::Hosts vital(const icr::Hosts& hosts) const;

  /// What the hosts said about a value that is good.
  void learn(const HostAnswers& answers);

  /// Asks those that have not said yes and are due, with the login in force. Returns how long to
  /// wait for the next ones; nothing: until there is a new value, or hosts are asked for.
  Delay check(const std::stop_token& stop);

 private:
  /// A host that has not said yes.
  struct Doubt {
    unsigned failures = 0;
    std::optional<Clock::Instant> due;  ///< absent: not before the next value
    std::optional<iam::Refusal> no;     ///< absent: it was silent
  };

  [[nodiscard]] icr::Hosts asked() const;
  void drop_what_nobody_asks_for();
  [[nodiscard]] icr::Hosts due_hosts() const;
  void note(const HostAnswers& answers);
  void take(const HostAnswers& answers);
  void doubt(const std::string& host, const iam::Refusal& refusal);
  void tell(const iam::Refusal& refusal) const;
  void count(const HostAnswers& answers) const;
  void show_doubt();
  [[nodiscard]] Delay until_next() const;

  const Subject subject_;
  SourceContext& context_;
  Publisher& publisher_;
  const Tell tell_;

  mutable std::mutex mutex_;
  icr::Hosts asked_;  // guarded by mutex_

  icr::Hosts good_;
  std::map<std::string, Doubt> doubts_;
};

}  // namespace icrps::credentials
