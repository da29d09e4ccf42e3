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

  [[nodiscard]] credentials::HostAnswers ask(const icr::Hosts& hosts,
                                             const std::optional<iam::ImageReference>& image = {}) {
    asked.clear();
    return credentials::ask(probe(), {{"iamapikey", SecretString("k")}, hosts, image}, {});
  }
};

/// "yes", or the kind of the refusal.
std::string said(const credentials::HostAnswer& answer) {
  return answer.answer ? "yes" : std::string(iam::to_string(answer.answer.error().kind));
}

}  // namespace

TEST_CASE("each host's answer is its own", "[credentials][prover]") {
  Registries registries{{{"a", 200}, {"b", 400}, {"c", 401}, {"d", 403}, {"e", 0}}, {}};
  const auto answers = registries.ask({"a", "b", "c", "d", "e"});
  std::vector<std::string> all;
  for (const auto& answer : answers) all.push_back(answer.host + " " + said(answer));
  CHECK(all ==
        std::vector<std::string>{"a yes", "b refused", "c refused", "d policy", "e unknown"});
  CHECK(registries.ask({}).empty());
}

TEST_CASE("the image is asked for at its own host", "[credentials][prover]") {
  Registries registries{{{"de.icr.io", 200}, {"us.icr.io", 200}}, {{"us.icr.io", 200}}};
  const auto image = iam::parse_image_reference("us.icr.io/team/app:1");
  CHECK(said(registries.ask({"de.icr.io"}, image).at(1)) == "yes");
  CHECK(registries.asked == std::set<std::string>{"de.icr.io", "us.icr.io"});
  registries.manifest_status["us.icr.io"] = 401;
  CHECK(said(registries.ask({"de.icr.io"}, image).at(1)) == "policy");
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

std::vector<std::string> names_of(const credentials::HostAnswers& answers) {
  std::vector<std::string> names;
  for (const auto& answer : answers) names.push_back(answer.host);
  return names;
}

}  // namespace

TEST_CASE("hosts are asked side by side", "[credentials][prover]") {
  const auto hosts = many_hosts(28);
  Meeting meeting(28);
  const iam::RegistryProbe probe([&](const std::string& /*origin*/, const auto& /*authorization*/) {
    auto transport = std::make_unique<test::FakeTransport>();
    transport->answer = [&](const http::Request& /*request*/) -> http::Result {
      meeting.attend();
      return tl::unexpected(http::Failure{http::Failure::Kind::kTimeout, "silent"});
    };
    return transport;
  });
  const auto answers = credentials::ask(probe, {{"iamapikey", SecretString("k")}, hosts}, {});
  CHECK(meeting.most() == 28);
  CHECK(names_of(answers) == std::vector<std::string>(hosts.begin(), hosts.end()));
}

}  // namespace prover_test
