// The rules of a leader election over a Lease, after client-go's leaderelection: who may take it,
// when to renew it, and for how long its holder may trust it. Pure: it says what to do next and is
// told what came of it; the Elector (kube/elector.hpp) does the doing.
//
// Clocks of two machines are never compared. Whoever waits counts the lease's duration from the
// moment it saw the Lease change, by its own clock; whoever leads counts from the moment before it
// asked for the renewal that was granted. So the leader stops before anybody else may begin.
//
// Thread safety: none; one Elector owns it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "kube/pure/lease.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"

namespace icrps::kube {

class Election {
 public:
  using Instant = Clock::Instant;

  struct Settings {
    std::string identity;  ///< unlike that of any other process
    std::chrono::seconds lease_duration{15};
    std::chrono::seconds renew_deadline{10};  ///< without a renewal for this long a leader gives up
    std::chrono::seconds retry_period{2};
  };

  // What to do next.
  struct Read {};  ///< GET the Lease
  struct Write {   ///< create it, or update it when a version is given
    LeaseSpec spec;
    std::string resource_version;
    std::string metadata{};  ///< as it was read
  };
  struct Sleep {
    Instant until;
  };
  using Step = std::variant<Read, Write, Sleep>;

  explicit Election(Settings settings) : settings_(std::move(settings)) {}

  /// `wall` is for the Lease's time stamps only.
  [[nodiscard]] Step next(Instant now, std::chrono::system_clock::time_point wall,
                          const Random& random);

  // What came of it.
  void read(const std::optional<Lease>& lease, Instant now);  ///< nothing: there is none
  /// `asked`: before the request was sent.
  void written(const Lease& lease, Instant asked);
  /// Somebody else wrote first, or it is gone: read it.
  void conflicted(Instant now);
  /// No answer, or one that says to try later.
  void failed(Instant now, const Random& random);

  /// The holder's own view: until then nobody else may take the lease.
  [[nodiscard]] std::optional<Instant> leads_until() const { return leads_until_; }
  /// A leader that could not renew for too long, or that was pushed out: it must stop.
  [[nodiscard]] bool lost(Instant now) const;
  /// How long a request about the Lease may take: no longer than it can still do any good.
  [[nodiscard]] std::chrono::milliseconds patience(Instant now) const;
  /// What a leader writes when it goes, so that another need not wait; nothing: it is not leading.
  [[nodiscard]] std::optional<Write> release(std::chrono::system_clock::time_point wall) const;
  /// Who holds it as far as is known; empty: nobody.
  [[nodiscard]] const std::string& holder() const { return observed_.spec.holder; }

 private:
  [[nodiscard]] bool held_by_other(Instant now) const;
  [[nodiscard]] Write claim(std::chrono::system_clock::time_point wall) const;

  const Settings settings_;
  Lease observed_;         // as it was read or written last; without a version: there is none
  Instant observed_at_{};  // when it was seen to have changed
  bool seen_ = false;      // observed_ has been read or written once
  bool known_ = false;     // nothing speaks against it that the Lease still is as observed_ says
  std::optional<Instant> sleep_until_;
  std::optional<Instant> renewed_;  // before the last renewal that was granted was asked for
  std::optional<Instant> leads_until_;
  bool pushed_out_ = false;
};

}  // namespace icrps::kube
