#include "config/leader_election.hpp"

#include <fmt/format.h>

#include "config/duration.hpp"

namespace icrps::config {

using namespace std::chrono_literals;

/// As client-go has it: a leader must have time to try again before it gives up, and must have
/// given up before another begins.
LeaderElection read_leader_election(const Located& at) {
  const Fields fields(at, {"enabled", "leaseDuration", "renewDeadline", "retryPeriod"});
  LeaderElection election;
  const auto read = [&](const char* key, std::chrono::seconds& value) {
    if (const auto field = fields.find(key)) value = duration_of(*field, 1s, 1h);
  };
  if (const auto enabled = fields.find("enabled")) election.enabled = bool_of(*enabled);
  read("leaseDuration", election.lease_duration);
  read("renewDeadline", election.renew_deadline);
  read("retryPeriod", election.retry_period);
  const bool in_order = election.lease_duration > election.renew_deadline &&
                        election.renew_deadline >= 2 * election.retry_period;
  if (!in_order) {
    at.fail(
        fmt::format("has leaseDuration {}, renewDeadline {} and retryPeriod {}",
                    format_duration(election.lease_duration),
                    format_duration(election.renew_deadline),
                    format_duration(election.retry_period)),
        "leaseDuration longer than renewDeadline, and renewDeadline at least twice retryPeriod");
  }
  return election;
}

}  // namespace icrps::config
