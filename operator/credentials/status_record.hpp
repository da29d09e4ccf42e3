// What is known about each credential, kept in the ConfigMap `icr-pull-secrets-status` of the
// operator's namespace: `icr-pull-secrets status` reads it, and a restarted operator learns from it
// that a credential was proved before, so that it need not wait for IAM.
// Thread safety: all methods may be called from any thread. What reads, and erase(), blocks the
// caller for as long as a request takes, and nobody else: what is known of one credential never
// waits for another's.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "kube/client.hpp"
#include "plan/names.hpp"
#include "runtime/log.hpp"

namespace icrps::credentials {

inline constexpr std::string_view kStatusConfigMap = "icr-pull-secrets-status";

using WallTime = std::chrono::system_clock::time_point;

/// Of one credential. Times are to the second.
struct Status {
  std::string source;    ///< "accessToken"
  std::string revision;  ///< of what is handed out; empty: nothing yet
  std::optional<WallTime> since;
  std::optional<WallTime> expires_at;
  std::string proof;  ///< "proved", "unproved", "refused", "policy", "unknown", "invalid"
  std::optional<WallTime> proof_at;
  std::string message;  ///< for people: why it is not proved, or what holds up a rotation
  /// The last revision that was proved. What was proved once is good after a restart, whatever the
  /// last proof came to.
  std::string proved_revision;
  std::string replaced_revision;  ///< what was handed out before `revision`
  // Of what expires, for whoever goes on after this process.
  std::string digest;                ///< login_digest() of what is handed out
  std::string made_from;             ///< names the input that it was made from
  std::optional<WallTime> renew_at;  ///< when its successor is to be made
  /// What its copies are called, and were called before as long as nobody cares for the name. Only
  /// StatusRecord::called() changes it.
  std::vector<std::string> secret_names{};
  friend bool operator==(const Status&, const Status&) = default;
};

/// What was handed out before `revision`, which is handed out now; empty: nothing. Pure.
[[nodiscard]] std::string before(const Status& recorded, const std::string& revision);

/// One line of JSON, and back; nothing when it isn't one. Pure.
[[nodiscard]] std::string encode_status(const Status& status);
[[nodiscard]] std::optional<Status> decode_status_line(std::string_view text);

/// All credentials of the ConfigMap; entries that can't be read are left out. Pure.
[[nodiscard]] std::map<std::string, Status> read_statuses(const kube::Object& config_map);

class StatusRecord {
 public:
  /// Does what writes a credential's entry, now or later, one at a time for each credential. False:
  /// it will not be done.
  using Write = std::function<void(const std::stop_token&)>;
  using Aside = std::function<bool(const std::string& credential, Write write)>;

  /// `client` and `log` outlive the record, which outlives what `aside` does. Without `aside` set()
  /// writes itself.
  StatusRecord(kube::Client& client, std::string own_namespace, const Log& log,
               Aside aside = at_once)
      : client_(client),
        own_namespace_(std::move(own_namespace)),
        log_(log),
        aside_(std::move(aside)) {}

  /// From now on a stop request ends what is being read or written.
  void end_with(std::stop_token stop);

  [[nodiscard]] Status get(const std::string& credential);

  /// The credentials that the ConfigMap had entries for when it was read, also such that the
  /// configuration has no more.
  [[nodiscard]] std::vector<std::string> recorded();

  /// Takes an entry out of the ConfigMap, of a credential that nobody sets any more.
  void erase(const std::string& credential);

  /// Its copies are called so now. Returns what they were called before, without names that are
  /// cared for, by whatever credential or as retired ones; these are forgotten.
  [[nodiscard]] std::vector<std::string> called(const plan::CopyName& now,
                                                const std::set<std::string>& cared_for);

  /// Writes when something has changed; for a later proof with the same outcome alone at most about
  /// once an hour. A failure is logged once: nothing that the operator does depends on it. What
  /// comes while that credential's entry is being written is written after it, the last of it only.
  void set(const std::string& credential, Status status);

 private:
  struct Entry {
    Status now;
    std::optional<Status> written;  ///< as far as is known
    bool being_written = false;
  };

  static bool at_once(const std::string& /*credential*/, const Write& write) {
    write({});
    return true;
  }
  void load();
  void write_changes(const std::string& credential);
  void write_until_done(const std::string& credential);
  /// False: it may succeed another time.
  bool write(const std::string& credential, const Status& status);
  [[nodiscard]] kube::Reply put(const std::string& credential, const Status& status,
                                const std::stop_token& stop);
  [[nodiscard]] std::stop_token stop() const;
  void complain(const kube::ApiError& error);

  kube::Client& client_;
  const std::string own_namespace_;
  const Log& log_;
  const Aside aside_;
  mutable std::mutex mutex_;
  // guarded by mutex_; never held during a request
  std::stop_token stop_;
  bool loaded_ = false;
  bool complained_ = false;
  std::map<std::string, Entry> entries_;
};

}  // namespace icrps::credentials
