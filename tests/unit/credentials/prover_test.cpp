// Several hosts' answers → one.
#include "credentials/prover.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include <catch2/catch.hpp>

#include "unit/support/fake_transport.hpp"

namespace prover_test {

using namespace icrps;
using Kind = iam::Refusal::Kind;

namespace {

/// Each host answers its token endpoint with one status; 0: it can't be reached.
struct Registries {
  std::map<std::string, int> token_status;
  std::map<std::string, int> manifest_status;
  std::mutex mutex{};
  std::set<std::string> asked{};  ///< guarded by mutex

  [[nodiscard]] iam::RegistryProbe probe() {
    return iam::RegistryProbe(
        [this](const std::string& origin, const std::optional<SecretString>&) {
          auto transport = std::make_unique<test::FakeTransport>();
          transport->answer = [this, host = origin.substr(8)](const http::Request& request) {
            return answer(host, request);
          };
          return transport;
        });
  }

  http::Result answer(const std::string& host, const http::Request& request) {
    const int status = token_status.at(host);
    if (status == 0) return tl::unexpected(http::Failure{http::Failure::Kind::kConnect, "no way"});
    if (request.target == "/v2/") {
      const std::lock_guard lock(mutex);
      asked.insert(host);
      return http::Response{
          {401, {{"WWW-Authenticate", "Bearer realm=\"https://" + host + "/oauth/token\""}}}, ""};
    }
    if (request.target.starts_with("/v2/")) {
      return http::Response{{manifest_status.at(host), {}}, ""};
    }
    return http::Response{{status, {}}, status == 200 ? R"({"token":"t"})" : "{}"};
  }

  [[nodiscard]] auto prove(const icr::Hosts& hosts,
                           const std::optional<iam::ImageReference>& image = {}) {
    return credentials::verdict_of(ask(hosts, image));
  }
  [[nodiscard]] credentials::HostAnswers ask(const icr::Hosts& hosts,
                                             const std::optional<iam::ImageReference>& image = {},
                                             bool to_the_end = false) {
    asked.clear();
    return credentials::ask(probe(), {{"iamapikey", SecretString("k")}, hosts, image, to_the_end},
                            {});
  }
};

}  // namespace

TEST_CASE("a login is proved when every host that can be asked takes it", "[credentials][prover]") {
  Registries registries{{{"de.icr.io", 200}, {"us.icr.io", 200}, {"private.us.icr.io", 0}}, {}};
  const auto all = registries.prove({"de.icr.io", "us.icr.io"});
  REQUIRE(all);
  CHECK(all->hosts == std::vector<std::string>{"de.icr.io", "us.icr.io"});
  CHECK(all->silent.empty());
  const auto some = registries.prove({"private.us.icr.io", "us.icr.io"});
  REQUIRE(some);
  CHECK(some->silent == std::vector<std::string>{"private.us.icr.io"});
  const auto none = registries.prove({"private.us.icr.io"});
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == Kind::kUnknown);
}

TEST_CASE("without hosts there is nothing to ask", "[credentials][prover]") {
  Registries registries;
  CHECK(registries.prove({}));
}

TEST_CASE("one no is a no", "[credentials][prover]") {
  for (const auto& [status, kind] : {std::pair{400, Kind::kRefused}, std::pair{401, Kind::kRefused},
                                     std::pair{403, Kind::kPolicy}}) {
    Registries registries{{{"de.icr.io", 200}, {"us.icr.io", status}}, {}};
    const auto answer = registries.prove({"de.icr.io", "us.icr.io"});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == kind);
  }
}

TEST_CASE("the image is asked for at its own host", "[credentials][prover]") {
  Registries registries{{{"de.icr.io", 200}, {"us.icr.io", 200}}, {{"us.icr.io", 200}}};
  const auto image = iam::parse_image_reference("us.icr.io/team/app:1");
  CHECK(registries.prove({"de.icr.io"}, image));
  CHECK(registries.asked == std::set<std::string>{"de.icr.io", "us.icr.io"});
  registries.manifest_status["us.icr.io"] = 401;
  const auto answer = registries.prove({"de.icr.io"}, image);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::kPolicy);
}

namespace {

/// Requests meet here: each waits until so many are there at once, or for a long time.
class Meeting {
 public:
  explicit Meeting(int expected) : expected_(expected) {}

  void attend() {
    std::unique_lock lock(mutex_);
    most_ = std::max(most_, ++present_);
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::seconds(30), [this] { return most_ >= expected_; });
    --present_;
  }
  /// At once.
  [[nodiscard]] int most() const { return most_; }

 private:
  const int expected_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int present_ = 0;
  int most_ = 0;
};

icr::Hosts many_hosts(int count) {
  icr::Hosts hosts;
  for (int i = 0; i < count; ++i) hosts.insert("h" + std::to_string(10 + i) + ".icr.io");
  return hosts;
}

std::map<std::string, int> all_say(const icr::Hosts& hosts, int status) {
  std::map<std::string, int> statuses;
  for (const auto& host : hosts) statuses[host] = status;
  return statuses;
}

std::vector<std::string> names_of(const credentials::HostAnswers& answers) {
  std::vector<std::string> names;
  for (const auto& answer : answers) names.push_back(answer.host);
  return names;
}

}  // namespace

TEST_CASE("hosts are asked side by side, eight at a time", "[credentials][prover]") {
  const auto hosts = many_hosts(20);
  Meeting meeting(8);
  const iam::RegistryProbe probe([&](const std::string& /*origin*/, const auto& /*authorization*/) {
    auto transport = std::make_unique<test::FakeTransport>();
    transport->answer = [&](const http::Request& /*request*/) -> http::Result {
      meeting.attend();
      return tl::unexpected(http::Failure{http::Failure::Kind::kTimeout, "silent"});
    };
    return transport;
  });
  const auto answers = credentials::ask(probe, {{"iamapikey", SecretString("k")}, hosts}, {});
  CHECK(meeting.most() == 8);
  CHECK(names_of(answers) == std::vector<std::string>(hosts.begin(), hosts.end()));
  const auto verdict = credentials::verdict_of(answers);
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().kind == Kind::kUnknown);
  CHECK_THAT(verdict.error().message, Catch::StartsWith("h10.icr.io"));
}

TEST_CASE("the first no counts, whoever is quicker", "[credentials][prover]") {
  for (int round = 0; round < 50; ++round) {
    const auto hosts = many_hosts(12);
    Registries registries{all_say(hosts, 200), {}};
    registries.token_status["h13.icr.io"] = 403;
    registries.token_status["h14.icr.io"] = 401;
    registries.token_status["h20.icr.io"] = 401;
    registries.token_status["h10.icr.io"] = 0;
    const auto verdict = registries.prove(hosts);
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().kind == Kind::kPolicy);
    CHECK_THAT(verdict.error().message, Catch::StartsWith("h13.icr.io"));
  }
}

TEST_CASE("a bad login is not shown to everybody, unless everybody is to be heard",
          "[credentials][prover]") {
  const auto hosts = many_hosts(20);
  Registries registries{all_say(hosts, 401), {}};
  const auto some = registries.ask(hosts);
  CHECK(some.size() <= 8);
  CHECK(registries.asked.size() == some.size());
  CHECK(std::all_of(some.begin(), some.end(), credentials::is_no));
  CHECK(registries.ask(hosts, {}, true).size() == hosts.size());
}

TEST_CASE("who is asked to stop is told so, whatever others said", "[credentials][prover]") {
  iam::Refusal canceled;
  canceled.kind = Kind::kCanceled;
  iam::Refusal silent;
  const auto verdict = credentials::verdict_of(
      {{"a", {}}, {"b", tl::unexpected(silent)}, {"c", tl::unexpected(canceled)}});
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().kind == Kind::kCanceled);
}

}  // namespace prover_test
