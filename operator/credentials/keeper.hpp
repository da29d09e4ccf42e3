// Keeps one credential good: takes the input of its source (a watched Secret, or nothing at all for
// a pod's token), makes a login of it, has it proved, hands it out, and does so again before it
// expires. What is refused or can't be proved changes nothing: the last good one stays in force
// and a person is told.
//
//   news ──▶ step(): input → what is due (pure/schedule) → login → trial (HostProofs) → verdict
//                      ▲                                                                  │
//                      └── renewal, another try ◀── handed out, or told and left alone ◀──┘
//
// Nothing here waits for a host: answers are news.
// Thread safety: run() or step() on one thread; the others from any.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "config/config.hpp"
#include "credentials/host_proofs.hpp"
#include "credentials/mint.hpp"
#include "credentials/publisher.hpp"
#include "credentials/pure/schedule.hpp"
#include "credentials/secret_feed.hpp"
#include "credentials/source.hpp"
#include "credentials/source_context.hpp"

namespace icrps::credentials {

/// What makes one kind of source differ from another.
struct KeeperKind {
  std::string name;                            ///< "accessToken", for logs and `status`
  std::optional<config::SecretKeyRef> secret;  ///< where the input stands; absent: none is needed
  SecretFeed::Parse parse;
  Mint mint;
  /// The user name, when the input itself is the password and doesn't have to be exchanged at IAM.
  /// Absent: logins are tokens, which expire.
  std::optional<std::string> static_user;
  /// Whose logins they are, where the input does not say so: a trusted profile's id.
  std::string identity{};
};

class Keeper final : public Source {
 public:
  /// `context` outlives the keeper.
  Keeper(const config::Credential& credential, KeeperKind kind, SourceContext& context);

  void run(std::stop_token stop) override;
  [[nodiscard]] bool settled() const override { return settled_; }
  void poke() override;
  void asked_for(const icr::Hosts& hosts) override { host_proofs_.asked_for(hosts); }

  using Delay = std::optional<std::chrono::milliseconds>;
  /// Does all that is due and takes in what is new; returns how long to wait for the next thing
  /// that is due, nothing when there is none without news. run() is a loop around it.
  Delay step(const std::stop_token& stop);
  /// What the watch of the Secret says. The same as before is no news.
  void offer(SecretInput found);

 private:
  /// A login that was made and is being proved.
  struct Attempt {
    From from = From::kNewest;
    SecretString input;
    Minted minted;
    Clock::Instant made_at;  ///< its life is counted from here: hosts may answer much later
  };

  void wake();
  // News
  void take_news(const std::stop_token& stop);
  void take_input(const SecretInput& found);
  // What a process before this one left
  bool inherit(const std::stop_token& stop);
  void inherit_static(const Status& recorded);
  bool inherit_token(const Status& recorded, const std::stop_token& stop);
  void go_on_with(const icr::Login& login, const Status& recorded);
  // A new login
  bool begin(const std::stop_token& stop);
  tl::expected<Minted, iam::Refusal> make_login(const SecretString& input,
                                                const std::stop_token& stop);
  void conclude(const Verdict& verdict);
  [[nodiscard]] bool outlived(const Attempt& attempt) const;
  void accept(const Attempt& attempt, const std::string& proof);
  void failed(const Attempt& attempt, const iam::Refusal& refusal);
  void bad_input(const SecretProblem& problem);
  // What it is measured against
  [[nodiscard]] bool expires() const { return !kind_.static_user; }
  [[nodiscard]] Against against(const icr::Login& login) const;
  [[nodiscard]] std::optional<WallTime> ends_soon_from() const;
  [[nodiscard]] std::string fingerprint(const SecretString& input) const;
  [[nodiscard]] bool newest_is_proved() const;
  // For people
  void tell(From from, const std::string& reason, const std::string& message);
  [[nodiscard]] std::string what_stays_with(From from) const;
  void tell_what_was_taken(const SecretValue& found);
  void settle();
  [[nodiscard]] std::string subject() const;

  const std::string name_;
  const KeeperKind kind_;
  SourceContext& context_;
  Publisher publisher_;
  std::optional<SecretFeed> feed_;
  std::atomic<bool> settled_ = false;

  std::mutex mutex_;
  std::condition_variable_any wake_;
  // Guarded by mutex_.
  std::optional<SecretInput> offered_;
  bool offered_news_ = false;
  bool poked_ = false;
  bool news_ = false;       // of any kind: step() has something to look at
  std::stop_source break_;  // of a login that is being made: its input has changed

  // Only touched by the thread of run().
  Schedule schedule_;
  std::optional<SecretInput> newest_;
  std::optional<SecretString> proved_;  // the input of what is in force
  std::string proof_;                   // what that came to: "proved", "unproved"
  std::optional<Attempt> attempt_;
  bool inherited_ = false;                // looked at what was left, whatever was found
  std::string uid_;                       // of the Secret, as last seen
  std::array<std::string, 2> last_told_;  // of each From
  bool told_trimmed_ = false;

  HostProofs host_proofs_;  // the last: its threads wake this
};

}  // namespace icrps::credentials
