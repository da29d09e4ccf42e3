#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "parse.hpp"

namespace leader_election_test {

using namespace icrps::config;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("leader election is off unless it is asked for, and has client-go's times", "[config]") {
  CHECK_FALSE(parsed(kMinimal).leader_election.enabled);
  const auto usual = parsed(kMinimal + "leaderElection: {enabled: true}\n").leader_election;
  CHECK(usual.enabled);
  CHECK(usual.lease_duration == 15s);
  CHECK(usual.renew_deadline == 10s);
  CHECK(usual.retry_period == 2s);
  const auto own = parsed(kMinimal +
                          "leaderElection: {enabled: true, leaseDuration: 1m, renewDeadline: 40s, "
                          "retryPeriod: 10s}\n")
                       .leader_election;
  CHECK(own.lease_duration == 60s);
  CHECK(own.renew_deadline == 40s);
  CHECK(own.retry_period == 10s);
}

TEST_CASE("times of an election that can't work are refused", "[config]") {
  for (const std::string& times :
       std::vector<std::string>{"{leaseDuration: 10s}", "{renewDeadline: 15s}", "{retryPeriod: 6s}",
                                "{leaseDuration: 5s}"}) {
    INFO(times);
    const auto message = error_of(kMinimal + "leaderElection: " + times + "\n");
    CHECK_THAT(message, Contains("accepted: leaseDuration longer than renewDeadline, and "
                                 "renewDeadline at least twice retryPeriod"));
  }
  CHECK_THAT(error_of(kMinimal + "leaderElection: {leaseDuration: 0s}\n"), Contains("1s to 1h"));
  CHECK_THAT(error_of(kMinimal + "leaderElection: {enabled: maybe}\n"), Contains("true or false"));
  CHECK_THAT(error_of(kMinimal + "leaderElection: true\n"), Contains("a map of"));
}

}  // namespace leader_election_test
