// Several hosts' answers → one.
#include "credentials/prover.hpp"

#include <map>
#include <memory>

#include <catch2/catch.hpp>

#include "unit/support/fake_transport.hpp"

using namespace icrps;
using Kind = iam::Refusal::Kind;

namespace {

/// Each host answers its token endpoint with one status; 0: it can't be reached.
struct Registries {
  std::map<std::string, int> token_status;
  std::map<std::string, int> manifest_status;
  std::vector<std::string> asked;

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
      asked.push_back(host);
      return http::Response{
          {401, {{"WWW-Authenticate", "Bearer realm=\"https://" + host + "/oauth/token\""}}}, ""};
    }
    if (request.target.starts_with("/v2/")) return http::Response{{manifest_status[host], {}}, ""};
    return http::Response{{status, {}}, status == 200 ? R"({"token":"t"})" : "{}"};
  }

  [[nodiscard]] auto prove(const icr::Hosts& hosts,
                           const std::optional<iam::ImageReference>& image = {}) {
    return credentials::prove(probe(), {"iamapikey", SecretString("k")}, hosts, image, {});
  }
};

}  // namespace

TEST_CASE("a login is proved when every host that can be asked takes it", "[credentials][prover]") {
  Registries registries{{{"de.icr.io", 200}, {"us.icr.io", 200}, {"private.us.icr.io", 0}}, {}, {}};
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
    Registries registries{{{"de.icr.io", 200}, {"us.icr.io", status}}, {}, {}};
    const auto answer = registries.prove({"de.icr.io", "us.icr.io"});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == kind);
  }
}

TEST_CASE("the image is asked for at its own host", "[credentials][prover]") {
  Registries registries{{{"de.icr.io", 200}, {"us.icr.io", 200}}, {{"us.icr.io", 200}}, {}};
  const auto image = iam::parse_image_reference("us.icr.io/team/app:1");
  CHECK(registries.prove({"de.icr.io"}, image));
  CHECK(registries.asked == std::vector<std::string>{"de.icr.io", "us.icr.io"});
  registries.manifest_status["us.icr.io"] = 401;
  const auto answer = registries.prove({"de.icr.io"}, image);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::kPolicy);
}
