// A pretended IAM, state Secret and cluster around a Rotation, which can be killed at every failure
// point and started again. What must hold at every moment is checked at every change.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "credentials/rotation/rotation.hpp"
#include "unit/support/captured_log.hpp"
#include "unit/support/dice.hpp"
#include "unit/support/fake_clock.hpp"

namespace icrps::test {

namespace rotation = credentials::rotation;
using rotation::Time;

/// The clock of the operator's node, which may be set while the time of the world goes on.
class SettableClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return true_.now(); }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override {
    return true_.wall() + off_;
  }
  [[nodiscard]] std::chrono::system_clock::time_point true_wall() const { return true_.wall(); }
  void advance(std::chrono::seconds by) { true_.advance(by); }
  void set(std::chrono::seconds by) { off_ += by; }

 private:
  FakeClock true_;
  std::chrono::seconds off_{};
};

/// Thrown by a failure point instead of killing the process.
struct Crash {};

/// What goes wrong, each once in so many times; 0: never.
struct Trouble {
  std::size_t crash = 0;
  std::size_t lost_answer = 0;   ///< of any call to IAM: it was done, or not, and nobody says
  std::size_t twice = 0;         ///< a creation that is sent twice
  std::size_t lost_save = 0;     ///< of the state: done or not
  std::size_t other_writer = 0;  ///< a save that meets somebody else's
};

class World final : public rotation::KeyService, public rotation::StateStore {
 public:
  struct Key {
    std::string id;
    std::string name;
    std::string value;
    bool disabled = false;
    bool deleted = false;
    bool locked = false;
    bool broken_by_ibm = false;  ///< it does not work, and that is not the rotation's doing
    std::string iam_id;          ///< whose it is
    Time listed_from;
    Time known_from;
    Time listed_until = Time::max();
  };

  explicit World(unsigned seed = 1);

  /// A new process. The old one, if any, is gone with all it knew.
  void start();
  /// One advance(), survived by a restart when it crashes, then time passes to what it asked for,
  /// at most `at_most`.
  void tick(std::chrono::seconds at_most = std::chrono::hours(1));
  void run_for(std::chrono::seconds duration);
  /// Until exactly the current key is left; fails the test when that does not happen in a week.
  void settle();

  [[nodiscard]] Time now() const;                      ///< by the operator's clock
  [[nodiscard]] Time true_now() const;                 ///< by that of all others
  [[nodiscard]] std::vector<const Key*> ours() const;  ///< that exist
  [[nodiscard]] const Key* in_force() const;           ///< what was published last, or null
  [[nodiscard]] rotation::State state() const;         ///< as it is stored
  void ibm_disables_current();
  void ibm_deletes_current();
  void delete_state();
  /// As it was before: the cluster comes from a backup, or is a copy. With a new process.
  void restore(const SecretString& before);
  /// Whether it is at IAM and good for a login.
  [[nodiscard]] bool works(const std::string& id) const;
  void request_rotation();
  void lock_current();
  void unlock_all();
  /// Everything that left the program.
  [[nodiscard]] std::string told() const;
  /// Nothing that left the program holds a piece of a key.
  void check_silence() const;

  template <typename T>
  using Result = KeyService::Result<T>;
  // KeyService
  Result<std::vector<rotation::KeyAtIam>> list(const std::stop_token& stop) override;
  Result<std::size_t> limit(const std::stop_token& stop) override;
  Result<rotation::MadeKey> create(const std::string& name, const std::stop_token& stop) override;
  Result<void> disable(const std::string& id, const std::stop_token& stop) override;
  Result<void> remove(const std::string& id, const std::stop_token& stop) override;
  // StateStore
  tl::expected<std::optional<rotation::StoredState>, rotation::StoreFault> load(
      const std::stop_token& stop) override;
  tl::expected<rotation::StateVersion, rotation::StoreFault> save(
      const SecretString& text, const std::optional<rotation::StateVersion>& previous,
      const std::stop_token& stop) override;

  // Settings
  Trouble trouble;
  rotation::Terms terms = rotation::terms_of({std::chrono::hours(720), std::chrono::hours(2)});
  rotation::Identity identity{"iam-ServiceId-1", "0123456789abcdef0123456789abcdef"};
  std::size_t key_limit = 20;
  std::size_t foreign_keys = 0;  ///< of the same service ID
  std::size_t most_of_ours = 3;
  bool state_is_spoiled = false;          ///< by the test
  std::chrono::seconds known_after{40};   ///< how long IAM takes to let a new key in
  std::chrono::seconds listed_after{20};  ///< and to list it
  std::chrono::seconds roll_out_takes{90};
  std::optional<iam::Refusal> manager_refusal;
  std::optional<iam::Refusal> limit_refusal;   ///< of reading the limit only
  std::optional<iam::Refusal> change_refusal;  ///< of disabling and deleting keys
  std::optional<rotation::StoreFault> store_fault;
  std::optional<std::size_t> crash_at;  ///< the how manieth failure point from now
  std::string crash_at_name;            ///< the next one called so

  // Observations
  std::vector<std::string> points;   ///< every failure point passed
  std::vector<std::string> reasons;  ///< of all reports
  std::vector<std::string> calls;    ///< to IAM
  std::size_t saves = 0;
  std::size_t crashes = 0;
  unsigned settled = 0;
  SettableClock clock;
  std::unique_ptr<rotation::Rotation> process;
  std::optional<SecretString> text;  ///< of the state
  std::optional<std::string> annotation;
  bool exists = false;  ///< the Secret

 private:
  tl::expected<void, iam::Refusal> prove(const icr::Login& login) const;
  void publish(const icr::Login& login, const std::string& revision);
  [[nodiscard]] bool rolled_out(const std::string& revision) const;
  void point(std::string_view name);
  [[nodiscard]] bool happens(std::size_t once_in) { return once_in != 0 && dice_.once_in(once_in); }
  Key make(const std::string& name);
  Key* find(const std::string& id);
  [[nodiscard]] const Key* by_value(const std::string& value) const;
  [[nodiscard]] rotation::Rotation::Environment environment();
  void check() const;
  void pass(std::chrono::seconds time);

  Dice dice_;
  CapturedLog log_;
  Metrics metrics_{"v", "r"};
  std::vector<std::string> messages_;
  std::vector<Key> keys_;
  unsigned long version_ = 0;

  // What the namespaces have, and are about to have.
  std::string held_;
  std::string coming_;
  std::string coming_revision_;
  std::string held_revision_;
  Time arrives_;
};

}  // namespace icrps::test
