// One action of a plan against a scripted API server: which requests, which outcome, and what the
// stores know afterwards.
#include "controller/apply.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "controller/bodies.hpp"
#include "kube/pure/decode.hpp"
#include "unit/support/facts.hpp"
#include "unit/support/fake_clock.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace apply_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;
using test::status;
using Kind = Outcome::Kind;
using Words = std::vector<std::string>;

namespace {

const std::string kCopies = "/api/v1/namespaces/shop/secrets";
const std::string kCopy = kCopies + "/icr-default";
/// As test::own_copy() has it.
const plan::Mark kMark{"", "shop/uid-of-shop"};
const std::string kAccount = "/api/v1/namespaces/shop/serviceaccounts/default";

struct Rig {
  Rig() { stores.copies["icr-default"] = make_copy_store({}); }

  /// What a watch would have told.
  void knows_copy(const std::string& version) {
    stores.copies["icr-default"]->apply(decoded(copy_json(version)));
  }
  void knows_account(const std::string& version) {
    stores.accounts.apply(decoded(account_json(version)));
  }

  [[nodiscard]] std::string copy_json(const std::string& version) const {
    return test::own_copy("shop/icr-default@" + version, *content).dump();
  }
  static std::string account_json(const std::string& version) {
    return test::account("shop/default@" + version, {"icr-default"}).dump();
  }
  static kube::Object decoded(const std::string& text) { return *kube::decode_object(text); }

  [[nodiscard]] std::string copy_version() const {
    const auto copy = stores.copies.at("icr-default")->get("shop", "icr-default");
    return copy ? copy->resource_version : "";
  }
  [[nodiscard]] std::string account_version() const {
    const auto account = stores.accounts.get("shop", "default");
    return account ? account->resource_version : "";
  }

  Outcome create() { return applier.apply("shop", plan::CreateCopy{"default", content, kMark}); }
  Outcome update() {
    plan::UpdateCopy update{"default", "uid", "5", content, {}};
    update.mark = kMark;
    return applier.apply("shop", update);
  }
  Outcome remove() { return applier.apply("shop", plan::DeleteCopy{"default", "uid", "5"}); }
  Outcome patch() {
    return applier.apply("shop", plan::PatchAccount{"default", "5", {}, {"icr-default"}, true});
  }

  test::FakeTransport server;
  kube::Client client{server, [](auto, auto, auto) {}};
  Stores stores;
  test::FakeClock clock;
  Applier applier{client, stores, &clock};
  std::shared_ptr<const plan::Content> content = test::material()->content({"us.icr.io"});
};

const std::string kConflict = status(409, "Conflict", "was modified").dump();
const std::string kExists = status(409, "AlreadyExists", "exists").dump();
const std::string kMissing = status(404, "NotFound", "not there").dump();

}  // namespace

TEST_CASE("a create that works is known at once", "[controller][apply]") {
  Rig rig;
  rig.server.will(201, rig.copy_json("7"));
  CHECK(rig.create().kind == Kind::kDone);
  CHECK(rig.server.lines == Words{"POST " + kCopies});
  CHECK(rig.copy_version() == "7");
}

TEST_CASE("a create of what exists reads it and decides again", "[controller][apply]") {
  Rig rig;
  rig.server.will(409, kExists);
  SECTION("it is our own, from a request that was sent twice") {
    rig.server.will(200, rig.copy_json("7"));
    CHECK(rig.create().kind == Kind::kAgain);
    CHECK(rig.copy_version() == "7");
    CHECK(rig.stores.copies["icr-default"]->get("shop", "icr-default")->ours);
  }
  SECTION("it is somebody's") {
    rig.server.will(200, test::secret("shop/icr-default@7", {{"k", "v"}}).dump());
    CHECK(rig.create().kind == Kind::kAgain);
    CHECK_FALSE(rig.stores.copies["icr-default"]->get("shop", "icr-default")->ours);
  }
  SECTION("it is gone again") {
    rig.server.will(404, kMissing);
    CHECK(rig.create().kind == Kind::kAgain);
    CHECK(rig.copy_version().empty());
  }
  SECTION("it can't be read") {
    rig.server.will(403, status(403, "Forbidden").dump());
    CHECK(rig.create().kind == Kind::kForbidden);
  }
  CHECK(rig.server.lines == Words{"POST " + kCopies, "GET " + kCopy});
}

TEST_CASE("a create whose answer was lost is settled by the next attempt", "[controller][apply]") {
  Rig rig;
  rig.server.will(test::failure(http::Failure::Kind::kBroken))
      .will(409, kExists)
      .will(200, rig.copy_json("7"));
  CHECK(rig.create().kind == Kind::kRetry);
  CHECK(rig.create().kind == Kind::kAgain);
  CHECK(rig.copy_version() == "7");
}

TEST_CASE("an update", "[controller][apply]") {
  Rig rig;
  rig.knows_copy("5");
  SECTION("that works is known at once") {
    rig.server.will(200, rig.copy_json("7"));
    CHECK(rig.update().kind == Kind::kDone);
    CHECK(rig.copy_version() == "7");
    CHECK(rig.server.lines == Words{"PATCH " + kCopy});
  }
  SECTION("of what has changed reads it") {
    rig.server.will(409, kConflict).will(200, rig.copy_json("6"));
    CHECK(rig.update().kind == Kind::kAgain);
    CHECK(rig.copy_version() == "6");
    CHECK(rig.server.lines == Words{"PATCH " + kCopy, "GET " + kCopy});
  }
  SECTION("of what is gone forgets it") {
    rig.server.will(404, kMissing).will(404, kMissing);
    CHECK(rig.update().kind == Kind::kAgain);
    CHECK(rig.copy_version().empty());
  }
  SECTION("of what is gone forgets nothing newer") {
    rig.server.will(404, kMissing).will(404, kMissing);
    rig.knows_copy("6");
    CHECK(rig.update().kind == Kind::kAgain);
    CHECK(rig.copy_version() == "6");
  }
  SECTION("that is not valid needs a person") {
    rig.server.will(422, status(422, "Invalid", "immutable").dump());
    const auto outcome = rig.update();
    CHECK(outcome.kind == Kind::kForbidden);
    CHECK(outcome.message == "immutable");
  }
}

TEST_CASE("a DELETE of a copy", "[controller][apply]") {
  Rig rig;
  rig.knows_copy("5");
  SECTION("that works is known at once") {
    rig.server.will(200, status(200).dump());
    CHECK(rig.remove().kind == Kind::kDone);
    CHECK(rig.copy_version().empty());
    CHECK(rig.server.requests[0].body.find(R"("preconditions":{"resourceVersion":"5",)") !=
          std::string::npos);
  }
  SECTION("of what is gone is done") {
    rig.server.will(404, kMissing);
    CHECK(rig.remove().kind == Kind::kDone);
    CHECK(rig.copy_version().empty());
  }
  SECTION("of what has changed reads it") {
    rig.server.will(409, kConflict).will(200, rig.copy_json("6"));
    CHECK(rig.remove().kind == Kind::kAgain);
    CHECK(rig.copy_version() == "6");
  }
}

TEST_CASE("a patch of an account", "[controller][apply]") {
  Rig rig;
  rig.knows_account("5");
  SECTION("that works is known at once") {
    rig.server.will(200, rig.account_json("7"));
    CHECK(rig.patch().kind == Kind::kDone);
    CHECK(rig.account_version() == "7");
    CHECK(rig.server.lines == Words{"PATCH " + kAccount});
  }
  SECTION("of what has changed reads it") {
    const auto code = GENERATE(409, 422);  // of a JSON patch, 422 is a test that failed
    const auto why = "the server rejected our request due to an error in our request";
    rig.server.will(code, status(code, "", why).dump()).will(200, rig.account_json("6"));
    CHECK(rig.patch().kind == Kind::kAgain);
    CHECK(rig.account_version() == "6");
    CHECK(rig.server.lines == Words{"PATCH " + kAccount, "GET " + kAccount});
  }
  SECTION("of what is gone forgets it") {
    rig.server.will(404, kMissing).will(404, kMissing);
    CHECK(rig.patch().kind == Kind::kAgain);
    CHECK(rig.account_version().empty());
  }
}

TEST_CASE("refusals get what they deserve", "[controller][apply]") {
  struct Case {
    const char* name;
    http::Result answer;
    Kind kind;
    std::chrono::milliseconds after{0};
  };
  using Failure = http::Failure::Kind;
  const auto terminating =
      status(403, "Forbidden", "no", {{"causes", {{{"reason", "NamespaceTerminating"}}}}});
  for (const auto& [name, answer, kind, after] : std::vector<Case>{
           {"403", test::response(403, status(403, "Forbidden").dump()), Kind::kForbidden},
           {"403 of a namespace that is going", test::response(403, terminating.dump()),
            Kind::kGone},
           {"400", test::response(400, status(400).dump()), Kind::kForbidden},
           {"400 of something in between", test::response(400, "<html>"), Kind::kRetry},
           {"404 of something in between", test::response(404), Kind::kRetry},
           {"413", test::response(413, status(413).dump()), Kind::kForbidden},
           {"429", test::response(429), Kind::kThrottled},
           {"429 that says when", test::response(429, "", {{"Retry-After", "3"}}), Kind::kThrottled,
            3s},
           {"401 while a token rotates", test::response(401), Kind::kRetry},
           {"500", test::response(500), Kind::kRetry},
           {"503 that says when", test::response(503, "", {{"Retry-After", "2"}}), Kind::kRetry,
            2s},
           {"an answer that can't be read", test::response(200, "<html>"), Kind::kRetry},
           {"a timeout", test::failure(Failure::kTimeout), Kind::kRetry},
           {"no connection", test::failure(Failure::kConnect), Kind::kRetry},
           {"a connection that broke", test::failure(Failure::kBroken), Kind::kRetry},
           {"a stop", test::failure(Failure::kCanceled), Kind::kGone}}) {
    for (const auto& action : {&Rig::create, &Rig::update, &Rig::patch}) {
      DYNAMIC_SECTION(name << (action == &Rig::create   ? ", create"
                               : action == &Rig::update ? ", update"
                                                        : ", patch")) {
        Rig rig;
        rig.knows_copy("5");
        rig.knows_account("5");
        rig.server.will(answer);
        const auto outcome = (rig.*action)();
        CHECK(outcome.kind == kind);
        CHECK(outcome.after == after);
        CHECK(rig.server.lines.size() == 1);
        CHECK(rig.copy_version() == "5");
        CHECK(rig.account_version() == "5");
      }
    }
  }
}

TEST_CASE("a create in a namespace that is gone", "[controller][apply]") {
  Rig rig;
  rig.server.will(404, kMissing);
  CHECK(rig.create().kind == Kind::kGone);
}

TEST_CASE("no outcome repeats what was sent", "[controller][apply]") {
  Rig rig;
  rig.server.will(500, "").will(400, "<html>").will(test::failure(http::Failure::Kind::kTimeout));
  for (int i = 0; i < 3; ++i) {
    CHECK(rig.create().message.find(rig.content->data.reveal().substr(0, 10)) == std::string::npos);
  }
}

TEST_CASE("actions in a few words", "[controller][apply]") {
  CHECK(describe(plan::CreateCopy{"default", {}}) == "create Secret icr-default");
  CHECK(describe(plan::UpdateCopy{"b", {}, {}, {}, {}}) == "update Secret icr-b");
  CHECK(describe(plan::DeleteCopy{"b", {}, {}}) == "delete Secret icr-b");
  CHECK(describe(plan::PatchAccount{"ci", {}, {}, {}, false}) == "patch ServiceAccount ci");
}

namespace {

/// Somebody else's Secret, with a value that must not get anywhere.
std::string theirs() {
  auto secret = test::secret("shop/icr-default@5", {{".dockerconfigjson", "precious"}});
  secret["metadata"]["managedFields"] = {{{"manager", "helm"}, {"time", "2026-01-01T00:00:00Z"}}};
  return secret.dump();
}

plan::UpdateCopy adoption(std::shared_ptr<const plan::Content> content) {
  return {"default", "uid", "5", std::move(content), {"theirs"}, false, false, true, "Helm"};
}

}  // namespace

TEST_CASE("an adoption asks who wrote the Secret and records it", "[controller][apply]") {
  Rig rig;
  const test::FakeClock clock;
  Applier applier(rig.client, rig.stores, &clock);
  std::string from = "managed-by Helm, written by helm";
  SECTION("who is known") {
    rig.server.will(200, theirs()).will(200, rig.copy_json("7"));
  }
  SECTION("nobody can be asked") {
    from = "managed-by Helm";
    rig.server.will(503).will(200, rig.copy_json("7"));
  }
  const auto outcome = applier.apply("shop", adoption(rig.content));
  CHECK(outcome.kind == Kind::kDone);
  CHECK(rig.server.lines == Words{"GET " + kCopy, "PATCH " + kCopy});
  CHECK(rig.copy_version() == "7");
  const auto patch = nlohmann::json::parse(rig.server.requests[1].body);
  const auto& meta = patch["metadata"];
  CHECK(meta["uid"] == "uid");
  CHECK(meta["resourceVersion"] == "5");
  CHECK(meta["labels"]["app.kubernetes.io/managed-by"] == "icr-pull-secrets");
  CHECK(meta["annotations"]["icr-pull-secrets/adopted-from"] == from);
  CHECK(meta["annotations"]["icr-pull-secrets/adopted-at"] == "2026-11-23T06:20:44Z");
  CHECK(patch["data"]["theirs"].is_null());
  CHECK_FALSE(patch.contains("type"));
  REQUIRE(outcome.note);
  CHECK(outcome.note->reason == "SecretAdopted");
  CHECK(outcome.note->note);
  CHECK_THAT(outcome.note->message, Catch::Contains(from) && !Catch::Contains("precious"));
}

TEST_CASE("an adoption that comes too late is decided anew", "[controller][apply]") {
  Rig rig;
  rig.server.will(200, theirs()).will(409, kConflict).will(200, theirs());
  const auto outcome = rig.applier.apply("shop", adoption(rig.content));
  CHECK(outcome.kind == Kind::kAgain);
  CHECK_FALSE(outcome.note);
}

TEST_CASE("a repair asks who changed the copy and tells it", "[controller][apply]") {
  Rig rig;
  const plan::UpdateCopy repair{"default", "uid", "5", rig.content, {"extra"}, false, true};
  std::string who = "kubectl-edit";
  SECTION("who is known") {
    auto edited = nlohmann::json::parse(rig.copy_json("5"));
    const nlohmann::json data = {{"f:data", {{"f:.dockerconfigjson", {}}}}};
    edited["metadata"]["managedFields"] = {
        {{"manager", "icr-pull-secrets"}, {"time", "2026-01-02T00:00:00Z"}, {"fieldsV1", data}},
        {{"manager", "kubectl-edit"}, {"time", "2026-01-02T00:00:00Z"}, {"fieldsV1", data}},
        {{"manager", "kubectl-label"},
         {"time", "2026-01-03T00:00:00Z"},
         {"fieldsV1", {{"f:metadata", {}}}}}};
    rig.server.will(200, edited.dump()).will(200, rig.copy_json("7"));
  }
  SECTION("nobody can be asked") {
    who = "nobody known";
    rig.server.will(503).will(200, rig.copy_json("7"));
  }
  const auto outcome = rig.applier.apply("shop", repair);
  CHECK(outcome.kind == Kind::kDone);
  CHECK(rig.server.lines == Words{"GET " + kCopy, "PATCH " + kCopy});
  CHECK(rig.copy_version() == "7");
  REQUIRE(outcome.note);
  CHECK(outcome.note->reason == "SecretRepaired");
  CHECK(outcome.note->note);
  CHECK_THAT(outcome.note->message, Catch::Contains("(" + who + ")"));
}

TEST_CASE("a repair that comes too late tells nothing", "[controller][apply]") {
  Rig rig;
  rig.server.will(200, theirs()).will(409, kConflict).will(200, rig.copy_json("7"));
  const plan::UpdateCopy repair{"default", "uid", "5", rig.content, {}, false, true};
  const auto outcome = rig.applier.apply("shop", repair);
  CHECK(outcome.kind == Kind::kAgain);
  CHECK_FALSE(outcome.note);
}

TEST_CASE("who wrote a Secret is told in few words", "[controller][apply]") {
  CHECK(former_owner("", {}) == "nobody known");
  CHECK(former_owner("Helm", {}) == "managed-by Helm");
  CHECK(former_owner("", {"kubectl"}) == "written by kubectl");
  CHECK(former_owner("x", {"a", "b", "c", "d", "e", "f"}) ==
        "managed-by x, written by a, b, c, d, e");
  CHECK(other_writers({}) == "nobody known");
  CHECK(other_writers({"icr-pull-secrets"}) == "nobody known");
  CHECK(other_writers({"a", "icr-pull-secrets", "b"}) == "a, b");
}

TEST_CASE("a deletion says what it is for only when it is done", "[controller][apply]") {
  Rig rig;
  const plan::Problem note{"SecretReplaced", "why", false, true};
  const plan::DeleteCopy removal{"default", "uid", "5", note};
  SECTION("done") {
    rig.server.will(200, theirs()).will(200);
    const auto said = rig.applier.apply("shop", removal).note;
    REQUIRE(said);
    CHECK(said->reason == note.reason);
    CHECK(said->message == "why It was last written by: helm.");
    CHECK(rig.server.lines == Words{"GET " + kCopy, "DELETE " + kCopy});
  }
  SECTION("somebody else was faster") {
    rig.server.will(404, kMissing).will(404, kMissing);
    CHECK_FALSE(rig.applier.apply("shop", removal).note);
  }
  SECTION("refused") {
    rig.server.will(200, theirs()).will(403, status(403, "Forbidden").dump());
    CHECK_FALSE(rig.applier.apply("shop", removal).note);
  }
}

TEST_CASE("what is undone each time is written more and more seldom, and by whom is told",
          "[controller][apply]") {
  Rig rig;
  rig.knows_copy("5");
  auto edited = test::secret("shop/icr-default@6");
  edited["metadata"]["managedFields"] = {
      {{"manager", "replicator"}, {"time", "2026-01-02T00:00:00Z"}},
      {{"manager", "icr-pull-secrets"}}};
  rig.server.answer = [&](const http::Request& request) -> http::Result {
    return test::response(
        200, request.method == http::Method::kGet ? edited.dump() : rig.copy_json("7"));
  };
  for (unsigned i = 0; i < Feuds::kFree; ++i) CHECK(rig.update().kind == Kind::kDone);
  CHECK(rig.applier.feuds("shop").empty());
  CHECK(rig.server.lines.size() == Feuds::kFree);
  CHECK(rig.update().kind == Kind::kDone);
  const auto told = rig.applier.feuds("shop");
  REQUIRE(told.size() == 1);
  CHECK(told[0].reason == "WrittenAgainst");
  CHECK_THAT(told[0].message, Catch::Contains("Secret icr-default") &&
                                  Catch::Contains("undone each time by replicator"));
  CHECK(rig.applier.feuds("blog").empty());

  const auto asked = rig.server.lines.size();
  const auto paused = rig.update();
  CHECK(paused.kind == Kind::kPaused);
  CHECK(paused.after == 1s);
  CHECK(rig.server.lines.size() == asked);
  rig.clock.advance(1s);
  CHECK(rig.update().kind == Kind::kDone);
  CHECK(rig.update().after == 2s);
}

TEST_CASE("an opponent that deletes, or goes by our name, is told as what it is",
          "[controller][apply]") {
  Rig rig;
  auto theirs = test::own_copy("shop/icr-default@6", *rig.content);
  theirs["metadata"]["managedFields"] = {{{"manager", "icr-pull-secrets"}}};
  rig.server.answer = [&](const http::Request& request) -> http::Result {
    return test::response(request.method == http::Method::kPost ? 201 : 200, theirs.dump());
  };
  std::string who;
  SECTION("it deletes") {
    who = "somebody who deletes it";
    for (unsigned i = 0; i <= Feuds::kFree; ++i) CHECK(rig.create().kind == Kind::kDone);
  }
  SECTION("it goes by our name") {
    who = "such as an older installation";
    for (unsigned i = 0; i <= Feuds::kFree; ++i) CHECK(rig.update().kind == Kind::kDone);
  }
  REQUIRE(rig.applier.feuds("shop").size() == 1);
  CHECK_THAT(rig.applier.feuds("shop")[0].message, Catch::Contains(who));
}

TEST_CASE("an admission policy that changes what is written is told and not fought",
          "[controller][apply]") {
  Rig rig;
  auto changed = test::own_copy("shop/icr-default@7", *rig.content);
  changed["metadata"]["labels"]["icr-pull-secrets/credential"] = "company-default";
  rig.server.will(201, changed.dump());
  CHECK(rig.create().kind == Kind::kDone);
  const auto told = rig.applier.feuds("shop");
  REQUIRE(told.size() == 1);
  CHECK(told[0].reason == "RewrittenByPolicy");
  CHECK_THAT(told[0].message, Catch::Contains("(icr-pull-secrets/credential)"));
  CHECK(rig.update().kind == Kind::kPaused);
}

}  // namespace apply_test
