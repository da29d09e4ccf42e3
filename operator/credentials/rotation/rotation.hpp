// `serviceId`: API keys of a service ID that the operator makes, hands out and replaces itself.
//
// next_step() decides, this class does: one step at a time, each from the state as it was last
// stored. What is in memory only (the last listing, proofs, a key whose value is not stored yet)
// may be lost at any moment; the decisions know what to do without it.
//
// Thread safety: run() or advance() on one thread; the others from any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "credentials/rotation/failure_points.hpp"
#include "credentials/rotation/key_service.hpp"
#include "credentials/rotation/pure/codec.hpp"
#include "credentials/rotation/pure/state.hpp"
#include "credentials/rotation/pure/step.hpp"
#include "credentials/rotation/reporter.hpp"
#include "credentials/rotation/state_store.hpp"
#include "credentials/source.hpp"
#include "icr/docker_config.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::credentials::rotation {

class Rotation final : public Source {
 public:
  struct Environment {
    KeyService& keys;
    StateStore& store;
    /// Logs in at IAM and at the registries. kRefused: the key is no good, or not known yet.
    std::function<tl::expected<void, iam::Refusal>(const icr::Login& login,
                                                   const std::stop_token& stop)>
        prove;
    /// From now on the namespaces get this key.
    std::function<void(const icr::Login& login, const std::string& revision)> publish;
    /// True when every namespace that is to have the credential has this revision of it; false as
    /// long as that is not known.
    std::function<bool(const std::string& revision)> rolled_out;
    const Clock& clock;
    Random random;
    const Log& log;
    Metrics& metrics;
    Report report;
    std::function<void()> on_settled;
    /// What holds the rotation up, in words; empty: nothing does any more.
    std::function<void(const std::string& what)> on_obstacle = [](const std::string&) {};
    FailurePoint failure_point = [](std::string_view /*name*/) {};
    /// What else the source does on this thread, after each advance(); returns how long until there
    /// is more of it.
    std::function<std::optional<std::chrono::milliseconds>(const std::stop_token& stop)> aside =
        [](const std::stop_token& /*stop*/) { return std::nullopt; };
  };

  struct Settings {
    std::string credential;
    std::string namespace_uid;  ///< of the operator's namespace
    Identity identity;          ///< whose keys are made
    Terms terms;
  };

  /// Everything passed by reference outlives the rotation.
  Rotation(Settings settings, Environment environment);

  void run(std::stop_token stop) override;
  [[nodiscard]] bool settled() const override { return settled_; }

  /// The roll-out got further.
  void poke() override;
  /// The state Secret was changed, by this process or another, or by a person.
  void state_changed();
  /// The manager's credential changed: what was refused may be tried again at once.
  void manager_changed();

  /// Does all that can be done now; returns the time to come back at, if nothing calls earlier.
  /// run() is a loop around it.
  Time advance(const std::stop_token& stop);

 private:
  /// A pause after something failed. Over as well when the clock was set back.
  struct Pause {
    Time since;
    Time until;
    unsigned failures = 0;
    [[nodiscard]] bool covers(Time now) const { return since <= now && now < until; }
  };

  std::optional<Time> round(const std::stop_token& stop);
  void sleep_until(Time until, const std::stop_token& stop);
  void take_pokes();

  // Each returns a time when there is nothing more to do before it.
  std::optional<Time> perform(const step::Wait& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::Look& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::Note& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::PrepareCreate& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::CreateKey& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::StoreKey& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::Prove& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::Publish& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::DisableKey& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::DeleteKey& step, const std::stop_token& stop);
  std::optional<Time> perform(const step::DeleteOrphan& step, const std::stop_token& stop);

  void put_in_force();
  void tell_moved(const State& before);
  void remove_key(const std::string& id, const State& next, const std::stop_token& stop);
  void record_proof(const std::string& id, const tl::expected<void, iam::Refusal>& outcome);

  /// False: `state_` is not what is stored; there is a pause, or it is to be loaded again.
  bool load(const std::stop_token& stop);
  bool take_over(const StoredState& stored);
  bool start_without_state(const std::stop_token& stop);
  void read_request(const StoredState& stored);
  bool save(const State& next, std::string_view what, const std::stop_token& stop);
  void store_failed(const StoreFault& fault);
  void iam_failed(const Call& call, std::string_view what, const iam::Refusal& refusal);
  void iam_answered(const Call& call);
  void pause(Pause& pause, std::chrono::milliseconds delay) const;

  [[nodiscard]] Observed observe() const;
  [[nodiscard]] Time now() const;
  [[nodiscard]] std::string new_rotation_id() const;
  [[nodiscard]] bool within_propagation(const std::string& id) const;
  void point(std::string_view what, std::string_view when) const;

  const Settings settings_;
  const Environment environment_;
  const Owner owner_;
  Reporter reporter_;
  std::atomic<bool> settled_ = false;

  // What is stored.
  State state_;
  std::optional<StateVersion> version_;
  bool exists_ = false;
  bool reload_ = true;
  std::optional<Time> rotate_requested_;
  std::string bad_request_;  // the last one that was no time, told once

  // What is known in this process only.
  std::string published_;  // the revision in force
  std::optional<Listing> listing_;
  std::set<std::string> deleted_;  // IAM may still list them for a while
  std::map<std::string, Proof> proofs_;
  unsigned proof_failures_ = 0;
  std::optional<Attempt> attempt_;
  std::optional<Intent> intent_;
  std::optional<std::size_t> last_limit_;  // of keys, as it was last read
  Pause iam_pause_;                        // of all calls to IAM
  std::map<Call, Pause> call_pauses_;      // of those that IAM refused
  Pause store_pause_;

  std::mutex mutex_;
  std::condition_variable_any woken_;
  // Guarded by mutex_.
  bool poked_ = false;
  bool state_changed_ = false;
  bool manager_changed_ = false;
};

}  // namespace icrps::credentials::rotation
