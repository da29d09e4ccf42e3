// A sweep by one thread against a scripted API server.
#include "cli/cleanup/sweep.hpp"

#include <catch2/catch.hpp>

#include "kube/pure/decode.hpp"
#include "unit/support/captured_log.hpp"
#include "unit/support/facts.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace sweep_test {

using namespace icrps;
using namespace icrps::cli;
using namespace std::chrono_literals;
using test::status;
using Words = std::vector<std::string>;
using Trouble = Sweep::TroubleByNamespace;

namespace {

/// Namespace `shop` with a copy that is attached.
struct Rig {
  Rig() {
    stores.copies["icr-default"] = controller::make_copy_store({});
    stores.namespaces.apply(decoded(test::namespace_object("shop@1")));
    stores.accounts.apply(decoded(test::account("shop/default@2", {"theirs", "icr-default"})));
    stores.copies["icr-default"]->apply(decoded(copy("3")));
  }

  [[nodiscard]] test::Json copy(const std::string& version) const {
    return test::own_copy("shop/icr-default@" + version, *content);
  }
  static kube::Object decoded(const test::Json& object) {
    return *kube::decode_object(object.dump());
  }

  void sweep_shop() {
    sweep.run({"shop"}, 1, [](auto, auto) {});
  }

  const SystemClock clock;
  const Patience patience{clock, [] { return 0.5; }, clock.now() + 30s};
  test::FakeTransport server;
  kube::Client client{server, [](auto, auto, auto) {}};
  controller::Stores stores;
  test::CapturedLog log;
  std::shared_ptr<const plan::Content> content = test::material()->content({"us.icr.io"});
  Sweep sweep{client, stores, {{"default"}}, test::default_rules(), patience, log.log};
};

const std::string kDetach = "PATCH /api/v1/namespaces/shop/serviceaccounts/default";
const std::string kDelete = "DELETE /api/v1/namespaces/shop/secrets/icr-default";
const std::string kDetached = test::account("shop/default@5", {"theirs"}).dump();

}  // namespace

TEST_CASE("a sweep detaches, and then deletes what it saw", "[cli][cleanup]") {
  Rig rig;
  rig.server.will(200, kDetached).will(200, "{}");
  rig.sweep_shop();
  CHECK(rig.server.lines == Words{kDetach, kDelete});
  CHECK(test::Json::parse(rig.server.requests[1].body)["preconditions"]["resourceVersion"] == "3");
  CHECK(rig.sweep.writes() == 2);
  CHECK(rig.sweep.trouble().empty());
}

TEST_CASE("a sweep decides again after a conflict", "[cli][cleanup]") {
  Rig rig;
  rig.server.will(200, kDetached)
      .will(409, status(409, "Conflict", "was modified").dump())
      .will(200, rig.copy("6").dump())
      .will(200, "{}");
  rig.sweep_shop();
  CHECK(rig.server.lines ==
        Words{kDetach, kDelete, "GET /api/v1/namespaces/shop/secrets/icr-default", kDelete});
  CHECK(test::Json::parse(rig.server.requests[3].body)["preconditions"]["resourceVersion"] == "6");
  CHECK(rig.sweep.trouble().empty());
}

TEST_CASE("a sweep waits as long as the API server asks for", "[cli][cleanup]") {
  Rig rig;
  rig.server.will(429, status(429, "TooManyRequests").dump(), {{"Retry-After", "1"}})
      .will(200, kDetached)
      .will(200, "{}");
  const auto begun = rig.clock.now();
  rig.sweep_shop();
  CHECK(rig.clock.now() - begun >= 1s);
  CHECK(rig.server.lines == Words{kDetach, kDetach, kDelete});
  CHECK(rig.sweep.trouble().empty());
}

TEST_CASE("what the API server refuses is trouble, and is not asked again in the same sweep",
          "[cli][cleanup]") {
  Rig rig;
  rig.server.will(403, status(403, "Forbidden", "not by this policy").dump());
  rig.sweep_shop();
  CHECK(rig.server.lines == Words{kDetach});
  CHECK(rig.sweep.writes() == 0);
  CHECK(rig.sweep.trouble() == Trouble{{"shop", {"not by this policy", false}}});
}

TEST_CASE("a sweep gives up what never passes", "[cli][cleanup]") {
  Rig rig;
  rig.server.answer = [](const http::Request& /*request*/) {
    return test::failure(http::Failure::Kind::kBroken, "broken");
  };
  rig.sweep_shop();
  CHECK(rig.server.lines.size() == 6);
  CHECK(rig.sweep.trouble() == Trouble{{"shop", {"broken", true}}});
}

}  // namespace sweep_test
