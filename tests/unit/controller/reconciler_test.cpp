// Stores and a scripted API server around one namespace.
#include "controller/reconciler.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/decode.hpp"
#include "unit/support/captured_log.hpp"
#include "unit/support/facts.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace reconciler_test {

using namespace icrps;
using namespace icrps::controller;
using plan::State;
using test::status;
using Kind = Outcome::Kind;
using Words = std::vector<std::string>;

namespace {

const std::string kCopies = "/api/v1/namespaces/shop/secrets";
const std::string kAccount = "/api/v1/namespaces/shop/serviceaccounts/default";

struct Rig {
  Rig() {
    stores.copies["icr-default"] = make_copy_store({});
    set.set("default", test::material());
  }

  void has_namespace(const std::string& regions = "us-south") {
    stores.namespaces.apply(
        decoded(test::namespace_object("shop@1", {{"icr-pull-secrets/regions", regions}}).dump()));
  }
  void has_account() { stores.accounts.apply(decoded(test::account("shop/default@2").dump())); }
  static kube::Object decoded(const std::string& text) { return *kube::decode_object(text); }

  [[nodiscard]] std::string copy_json() const {
    return test::own_copy("shop/icr-default@7", *test::material()->content({"us.icr.io"})).dump();
  }
  static std::string account_json() {
    return test::account("shop/default@8", {"icr-default"}).dump();
  }

  Reconciled reconcile() { return reconciler.reconcile("shop", stop.get_token()); }

  test::FakeTransport server;
  kube::Client client{server, [](auto, auto, auto) {}};
  Stores stores;
  Applier applier{client, stores};
  credentials::CredentialSet set{{"default"}};
  test::CapturedLog log;
  std::stop_source stop;
  Reconciler reconciler{stores, set, test::default_rules(), applier, log.log};
};

}  // namespace

TEST_CASE("a namespace that is not there", "[controller][reconciler]") {
  Rig rig;
  rig.has_account();
  const auto result = rig.reconcile();
  CHECK_FALSE(result.exists);
  CHECK(result.outcome.kind == Kind::kDone);
  CHECK(rig.server.lines.empty());
}

TEST_CASE("opting in is one POST and one PATCH, and then nothing", "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  rig.has_account();
  rig.server.will(201, rig.copy_json()).will(200, rig.account_json());
  const auto result = rig.reconcile();
  CHECK(result.exists);
  CHECK(result.uid == "uid-of-shop");
  CHECK(result.state == State::kReady);
  CHECK(result.writes.size() == 2);
  CHECK(result.attached);
  CHECK(result.outcome.kind == Kind::kDone);
  CHECK(rig.server.lines == Words{"POST " + kCopies, "PATCH " + kAccount});

  // Before any event about these writes came back.
  const auto again = rig.reconcile();
  CHECK(again.state == State::kReady);
  CHECK(again.writes.empty());
  CHECK_FALSE(again.attached);
  CHECK(rig.server.lines.size() == 2);
}

TEST_CASE("where no account names the copy, pods get it as soon as it is there",
          "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  rig.has_account();
  auto rules = test::default_rules();
  rules.attach = plan::Attach::kPodsOnly;
  Reconciler pods_only{rig.stores, rig.set, rules, rig.applier, rig.log.log};
  rig.server.will(201, rig.copy_json());
  const auto result = pods_only.reconcile("shop", rig.stop.get_token());
  CHECK(result.writes.size() == 1);
  CHECK(result.attached);
}

TEST_CASE("an account that comes later costs one patch", "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  rig.server.will(201, rig.copy_json()).will(200, rig.account_json());
  CHECK(rig.reconcile().writes.size() == 1);
  rig.has_account();
  CHECK(rig.reconcile().writes.size() == 1);
  CHECK(rig.server.lines == Words{"POST " + kCopies, "PATCH " + kAccount});
}

TEST_CASE("an action that fails ends the plan", "[controller][reconciler]") {
  struct Case {
    const char* name;
    http::Result answer;
    Kind kind;
    State state;
  };
  for (const auto& [name, answer, kind, state] : std::vector<Case>{
           {"a timeout", test::failure(http::Failure::Kind::kTimeout), Kind::kRetry,
            State::kPending},
           {"429", test::response(429), Kind::kThrottled, State::kPending},
           {"403", test::response(403, status(403, "Forbidden", "RBAC says no").dump()),
            Kind::kForbidden, State::kForbidden},
           {"a namespace that is gone", test::response(404, status(404, "NotFound").dump()),
            Kind::kGone, State::kPending}}) {
    DYNAMIC_SECTION(name) {
      Rig rig;
      rig.has_namespace();
      rig.has_account();
      rig.server.will(answer);
      const auto result = rig.reconcile();
      CHECK(result.outcome.kind == kind);
      CHECK(result.state == state);
      CHECK(result.writes.empty());
      CHECK(rig.server.lines.size() == 1);  // what does not exist is not attached
    }
  }
}

TEST_CASE("a refusal is a problem for a person", "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  rig.server.will(403, status(403, "Forbidden", "RBAC says no").dump());
  const auto result = rig.reconcile();
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems[0].reason == "Forbidden");
  CHECK_THAT(result.problems[0].message, Catch::Contains("RBAC says no"));
  CHECK_FALSE(result.problems[0].patience);
}

TEST_CASE("what a load balancer answers is tried again, and told when it lasts",
          "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  SECTION("the page of something in between") {
    rig.server.will(404, "<html>no backend</html>");
    const auto result = rig.reconcile();
    CHECK(result.outcome.kind == Kind::kRetry);
    REQUIRE(result.problems.size() == 1);
    CHECK(result.problems[0].reason == "AnswerUnclear");
    CHECK(result.problems[0].patience);
    CHECK_THAT(result.problems[0].message, Catch::Contains("HTTP status 404 without"));
  }
  SECTION("no answer at all is not this namespace's problem") {
    rig.server.will(test::failure(http::Failure::Kind::kTimeout));
    const auto result = rig.reconcile();
    CHECK(result.outcome.kind == Kind::kRetry);
    CHECK(result.problems.empty());
  }
}

TEST_CASE("a 422 of a webhook is a refusal, and told", "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  rig.has_account();
  const auto refused = status(422, "Invalid", "admission webhook \"x.y\" denied the request: no");
  rig.server.will(201, rig.copy_json()).will(422, refused.dump());
  const auto result = rig.reconcile();
  CHECK(result.outcome.kind == Kind::kForbidden);
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems[0].reason == "Forbidden");
}

TEST_CASE("an account that may not be patched keeps neither later ones nor others waiting",
          "[controller][reconciler]") {
  Rig rig;
  rig.stores.namespaces.apply(
      rig.decoded(test::namespace_object("shop@1", {{"icr-pull-secrets/regions", "us-south"},
                                                    {"icr-pull-secrets/service-accounts", "*"}})
                      .dump()));
  for (const auto* account : {"shop/a@2", "shop/b@3", "shop/c@4"}) {
    rig.stores.accounts.apply(rig.decoded(test::account(account).dump()));
  }
  const auto refused = status(403, "Forbidden", "admission webhook \"x.y\" denied the request: 7");
  rig.server.will(201, rig.copy_json())
      .will(403, refused.dump())
      .will(200, test::account("shop/b@8", {"icr-default"}).dump())
      .will(200, test::account("shop/c@9", {"icr-default"}).dump());
  const auto result = rig.reconcile();
  CHECK(result.writes.size() == 3);
  CHECK(result.outcome.kind == Kind::kForbidden);
  CHECK(result.state == State::kForbidden);
  CHECK(result.copies[0].standing == plan::Standing::kInPlace);
  REQUIRE(result.problems.size() == 1);
  CHECK_THAT(result.problems[0].message, Catch::Contains("patch ServiceAccount a"));
  // What makes it the same problem is who refused what, not the number of a request.
  CHECK(result.problems[0].identity() == "patch ServiceAccount a: admission webhook \"x.y\"");

  // An opt-out leaves the Secret to that account only if it names it.
  rig.has_namespace("none");
  rig.stores.namespaces.apply(rig.decoded(
      test::namespace_object("shop@11", {{"icr-pull-secrets/regions", "none"}}).dump()));
  rig.server.will(200, test::account("shop/b@12").dump())
      .will(200, test::account("shop/c@13").dump())
      .will(200);
  const auto opted_out = rig.reconcile();
  CHECK(opted_out.outcome.kind == Kind::kDone);
  CHECK(opted_out.writes.back() == "delete Secret icr-default");
}

TEST_CASE("a Secret that a stubborn account names stays, and all others are detached",
          "[controller][reconciler]") {
  Rig rig;
  rig.stores.namespaces.apply(rig.decoded(
      test::namespace_object("shop@11", {{"icr-pull-secrets/regions", "none"}}).dump()));
  rig.stores.copies.at("icr-default")->apply(rig.decoded(rig.copy_json()));
  for (const auto* account : {"shop/a@2", "shop/b@3"}) {
    rig.stores.accounts.apply(rig.decoded(test::account(account, {"icr-default"}).dump()));
  }
  rig.server.will(403, status(403, "Forbidden", "no").dump())
      .will(200, test::account("shop/b@8").dump());
  const auto result = rig.reconcile();
  CHECK(result.writes == Words{"patch ServiceAccount b"});
  CHECK(rig.stores.copies.at("icr-default")->get("shop", "icr-default"));
  // When it is no more, or lets go, the Secret goes.
  rig.server.will(200, test::account("shop/a@9").dump()).will(200);
  CHECK(rig.reconcile().writes == Words{"patch ServiceAccount a", "delete Secret icr-default"});
}

TEST_CASE("what is refused in every namespace is told once and not tried by all",
          "[controller][reconciler]") {
  Rig rig;
  const auto refused = status(403, "Forbidden",
                              "secrets is forbidden: User \"x\" cannot create resource \"secrets\" "
                              "in API group \"\" in the namespace \"n\"");
  std::size_t asked = 0;
  rig.server.answer = [&](const http::Request&) -> http::Result {
    ++asked;
    return test::response(403, refused.dump());
  };
  std::size_t told_in_namespaces = 0;
  std::size_t told_to_all = 0;
  constexpr int kCount = 500;
  for (int i = 0; i < kCount; ++i) {
    const auto ns = "ns-" + std::to_string(i);
    rig.stores.namespaces.apply(rig.decoded(
        test::namespace_object(ns + "@1", {{"icr-pull-secrets/regions", "us-south"}}).dump()));
    const auto result = rig.reconciler.reconcile(ns, rig.stop.get_token());
    CHECK(result.outcome.kind == Kind::kForbidden);
    CHECK(result.state == State::kForbidden);
    told_in_namespaces += result.problems.size();
    for (const auto& one : result.everywhere) {
      if (one.everywhere == Everywhere::kBegins) ++told_to_all;
    }
  }
  CHECK(told_to_all == 1);
  CHECK(told_in_namespaces < RefusalGate::kMany);
  CHECK(asked < 50);
}

TEST_CASE("a second action that fails leaves the first one counted", "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  rig.has_account();
  rig.server.will(201, rig.copy_json()).will(500);
  const auto result = rig.reconcile();
  CHECK(result.writes.size() == 1);
  CHECK(result.outcome.kind == Kind::kRetry);
  rig.server.will(200, rig.account_json());
  CHECK(rig.reconcile().writes.size() == 1);
  CHECK(rig.server.lines == Words{"POST " + kCopies, "PATCH " + kAccount, "PATCH " + kAccount});
}

TEST_CASE("how the copies stand afterwards", "[controller][reconciler]") {
  using plan::CopyReport;
  using plan::Standing;
  const auto revision = test::material()->revision();
  Rig rig;
  rig.has_namespace();
  rig.has_account();
  SECTION("written") {
    rig.server.will(201, rig.copy_json()).will(200, rig.account_json());
    CHECK(rig.reconcile().copies ==
          std::vector{CopyReport{"default", Standing::kInPlace, "", revision}});
    CHECK(rig.reconcile().copies ==
          std::vector{CopyReport{"default", Standing::kInPlace, revision, revision}});
  }
  SECTION("not written") {
    rig.server.will(500);
    CHECK(rig.reconcile().copies == std::vector{CopyReport{"default", Standing::kPending, "", ""}});
  }
  SECTION("not allowed by the API server to be written") {
    rig.server.will(403, status(403, "Forbidden", "RBAC says no").dump());
    CHECK(rig.reconcile().copies ==
          std::vector{CopyReport{"default", Standing::kForbidden, "", ""}});
  }
  SECTION("not updated") {
    rig.server.will(201, rig.copy_json()).will(200, rig.account_json());
    rig.reconcile();
    rig.set.set("default", test::material("key-2"));
    rig.server.will(500);
    CHECK(rig.reconcile().copies ==
          std::vector{CopyReport{"default", Standing::kPending, revision, revision}});
  }
  SECTION("written, but not attached") {
    rig.server.will(201, rig.copy_json()).will(500);
    CHECK(rig.reconcile().copies ==
          std::vector{CopyReport{"default", Standing::kInPlace, "", revision}});
  }
}

TEST_CASE("limits reach the plan, and so do labels", "[controller][reconciler]") {
  plan::Limits limits;
  limits.selector = {{"team", plan::LabelRequirement::Operator::kIn, {"b"}}};
  Rig rig;
  Reconciler limited(rig.stores, rig.set, test::default_rules(), rig.applier, rig.log.log,
                     {{{"default", std::make_shared<const plan::Limits>(limits)}}, {}, {}});
  auto shop = test::namespace_object("shop@1", {{"icr-pull-secrets/regions", "us-south"}});
  shop["metadata"]["labels"] = {{"team", "a"}};
  const auto sees = [&] {
    rig.stores.namespaces.apply(std::move(
        kube::decode_event(test::event("ADDED", shop), {plan::label_keys(limits)})->object));
    return limited.reconcile("shop", rig.stop.get_token());
  };
  CHECK(sees().state == State::kNotAllowed);
  CHECK(rig.server.lines.empty());
  shop["metadata"]["labels"] = {{"team", "b"}};
  shop["metadata"]["resourceVersion"] = "2";
  rig.server.will(201, rig.copy_json());
  CHECK(sees().state == State::kReady);
}

TEST_CASE("a stop comes between two actions", "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  rig.has_account();
  rig.server.answer = [&](const http::Request&) -> http::Result {
    rig.stop.request_stop();
    return test::response(201, rig.copy_json());
  };
  const auto result = rig.reconcile();
  CHECK(result.writes.size() == 1);
  CHECK(result.outcome.kind == Kind::kAgain);
  CHECK(rig.server.lines == Words{"POST " + kCopies});
}

TEST_CASE("a mistake is told and stays the state though writes succeed",
          "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  rig.has_account();
  rig.server.will(201, rig.copy_json()).will(200, rig.account_json());
  rig.reconcile();
  rig.stores.namespaces.apply(rig.decoded(
      test::namespace_object("shop@9", {{"icr-pull-secrets/regions", "nowhere"}}).dump()));
  const auto value = test::material("key-2");
  rig.set.set("default", value);
  rig.server.will(200, test::own_copy("shop/icr-default@9", *value->content({"us.icr.io"})).dump());
  const auto result = rig.reconcile();
  CHECK(result.state == State::kMistake);
  CHECK(result.writes.size() == 1);
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems[0].reason == "InvalidRegions");
}

TEST_CASE("the log tells what was written, and no credential", "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  rig.has_account();
  rig.server.will(201, rig.copy_json()).will(500);
  rig.reconcile();
  const auto text = rig.log.text();
  CHECK_THAT(text, Catch::Contains(R"("msg":"namespace written","namespace":"shop",)"
                                   R"("actions":"create Secret icr-default","writes":1)"));
  CHECK_THAT(text, Catch::Contains(R"("action":"patch ServiceAccount default")"));
  const auto content = test::material()->content({"us.icr.io"});
  CHECK(text.find("key-1") == std::string::npos);
  CHECK(text.find(content->data.reveal().substr(20, 20)) == std::string::npos);
}

TEST_CASE("a replacement is told each time, and is no problem", "[controller][reconciler]") {
  Rig rig;
  rig.has_namespace();
  for (int round = 0; round < 2; ++round) {
    auto copy = nlohmann::json::parse(rig.copy_json());
    copy["metadata"]["resourceVersion"] = std::to_string(10 + round * 10);
    copy["immutable"] = true;
    rig.stores.copies.at("icr-default")->apply(Rig::decoded(copy.dump()));
    copy["metadata"]["resourceVersion"] = std::to_string(15 + round * 10);
    copy["immutable"] = false;
    rig.server.will(200).will(200).will(201, copy.dump());  // who wrote it, DELETE, POST
    const auto result = rig.reconcile();
    CHECK(result.writes.size() == 2);
    CHECK(result.problems.empty());
    REQUIRE(result.notes.size() == 1);
    CHECK(result.notes[0].reason == "SecretReplaced");
    CHECK(rig.reconcile().notes.empty());
  }
}

}  // namespace reconciler_test
