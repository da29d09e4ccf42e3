#include "controller/bodies.hpp"

#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "unit/support/fake_clock.hpp"

namespace bodies_test {

using namespace icrps;
using namespace icrps::controller;
using plan::PatchAccount;

namespace {

plan::Content content() {
  plan::Content content;
  content.data = SecretString("e30=");
  content.hash = "h4sh";
  content.hosts = "de.icr.io,us.icr.io";
  content.revision = "r3v";
  return content;
}

const plan::Mark kMark{"ops/1", "shop/2"};

plan::CreateCopy creation(const plan::Content& content) {
  return {"default", std::make_shared<const plan::Content>(content), kMark};
}

plan::Problem problem(const std::string& message = "what is wrong") {
  plan::Problem problem;
  problem.reason = "InvalidRegions";
  problem.message = message;
  return problem;
}

const Subject kShop{"Namespace", "shop", "shop", "uid-shop"};

}  // namespace

TEST_CASE("a copy to be created", "[controller][bodies]") {
  CHECK(copy_body(creation(content())) ==
        R"({"apiVersion":"v1","data":{".dockerconfigjson":"e30="},"kind":"Secret",)"
        R"("metadata":{"annotations":{"icr-pull-secrets/content-hash":"h4sh",)"
        R"("icr-pull-secrets/hosts":"de.icr.io,us.icr.io",)"
        R"("icr-pull-secrets/installation":"ops/1","icr-pull-secrets/made-for":"shop/2",)"
        R"("icr-pull-secrets/revision":"r3v"},)"
        R"("labels":{"app.kubernetes.io/component":"pull-secret",)"
        R"("app.kubernetes.io/managed-by":"icr-pull-secrets",)"
        R"("app.kubernetes.io/name":"icr-pull-secrets",)"
        R"("app.kubernetes.io/part-of":"icr-pull-secrets",)"
        R"("icr-pull-secrets/credential":"default"},"name":"icr-default"},)"
        R"("type":"kubernetes.io/dockerconfigjson"})");
}

TEST_CASE("a copy to be updated", "[controller][bodies]") {
  plan::UpdateCopy update{"default",
                          "uid-1",
                          "17",
                          std::make_shared<const plan::Content>(content()),
                          {"added", "quo\"te"}};
  update.mark = kMark;
  CHECK(copy_patch(update) ==
        R"({"data":{".dockerconfigjson":"e30=","added":null,"quo\"te":null},)"
        R"("metadata":{"annotations":{"icr-pull-secrets/content-hash":"h4sh",)"
        R"("icr-pull-secrets/hosts":"de.icr.io,us.icr.io",)"
        R"("icr-pull-secrets/installation":"ops/1","icr-pull-secrets/made-for":"shop/2",)"
        R"("icr-pull-secrets/revision":"r3v"},)"
        R"("labels":{"app.kubernetes.io/component":"pull-secret",)"
        R"("app.kubernetes.io/managed-by":"icr-pull-secrets",)"
        R"("app.kubernetes.io/name":"icr-pull-secrets",)"
        R"("app.kubernetes.io/part-of":"icr-pull-secrets",)"
        R"("icr-pull-secrets/credential":"default"},"resourceVersion":"17","uid":"uid-1"}})");
}

TEST_CASE("when a copy expires stands in an annotation, and goes with it", "[controller][bodies]") {
  const auto annotation = [](const std::string& body) {
    const auto annotations = nlohmann::json::parse(body)["metadata"]["annotations"];
    const auto found = annotations.find("icr-pull-secrets/expires-at");
    return found == annotations.end() ? "absent" : found->dump();
  };
  auto expires = content();
  expires.expires_at = "2026-11-23T06:20:44Z";
  CHECK(annotation(copy_body(creation(content()))) == "absent");
  CHECK(annotation(copy_body(creation(expires))) == R"("2026-11-23T06:20:44Z")");
  const auto patch = [&](const plan::Content& content, bool had_expiry) {
    return annotation(copy_patch({"default",
                                  "uid-1",
                                  "17",
                                  std::make_shared<const plan::Content>(content),
                                  {},
                                  had_expiry}));
  };
  CHECK(patch(content(), false) == "absent");
  CHECK(patch(content(), true) == "null");
  CHECK(patch(expires, false) == R"("2026-11-23T06:20:44Z")");
  CHECK(patch(expires, true) == R"("2026-11-23T06:20:44Z")");
}

TEST_CASE("a copy to be deleted", "[controller][bodies]") {
  CHECK(delete_options("uid-1", "17") ==
        R"({"apiVersion":"v1","kind":"DeleteOptions",)"
        R"("preconditions":{"resourceVersion":"17","uid":"uid-1"}})");
}

TEST_CASE("an account says which entries are ours", "[controller][bodies]") {
  const auto operations = [](const PatchAccount& patch) {
    auto all = nlohmann::json::parse(account_patch(patch));
    all.erase(0);  // the test of the version
    return all.dump();
  };
  PatchAccount patch{"default", "5", {}, {}, true};
  patch.marks = true;
  CHECK(operations(patch) ==
        R"([{"op":"remove","path":"/metadata/annotations/icr-pull-secrets~1attached"}])");
  patch.attached = {"icr-a", "icr-b"};
  CHECK(operations(patch) == R"([{"op":"add","path":"/metadata/annotations",)"
                             R"("value":{"icr-pull-secrets/attached":"icr-a,icr-b"}}])");
  patch.annotated = true;
  CHECK(operations(patch) ==
        R"([{"op":"add","path":"/metadata/annotations/icr-pull-secrets~1attached",)"
        R"("value":"icr-a,icr-b"}])");
}

TEST_CASE("an account's list to be patched", "[controller][bodies]") {
  struct Case {
    const char* name;
    PatchAccount patch;
    std::string operations;  // after the test of the version
  };
  for (const auto& [name, patch, operations] : std::vector<Case>{
           {"a first list",
            {"default", "5", {}, {"icr-a", "icr-b"}, true},
            R"({"op":"add","path":"/imagePullSecrets",)"
            R"("value":[{"name":"icr-a"},{"name":"icr-b"}]})"},
           {"two more at the end",
            {"default", "5", {}, {"icr-a", "icr-b"}, false},
            R"({"op":"add","path":"/imagePullSecrets/-","value":{"name":"icr-a"}},)"
            R"({"op":"add","path":"/imagePullSecrets/-","value":{"name":"icr-b"}})"},
           {"two less",
            {"default", "5", {4, 1}, {}, false},
            R"({"op":"remove","path":"/imagePullSecrets/4"},)"
            R"({"op":"remove","path":"/imagePullSecrets/1"})"},
           {"one for another",
            {"default", "5", {0}, {"icr-a"}, false},
            R"({"op":"remove","path":"/imagePullSecrets/0"},)"
            R"({"op":"add","path":"/imagePullSecrets/-","value":{"name":"icr-a"}})"}}) {
    DYNAMIC_SECTION(name) {
      CHECK(account_patch(patch) ==
            R"([{"op":"test","path":"/metadata/resourceVersion","value":"5"},)" + operations + "]");
    }
  }
}

TEST_CASE("an Event about a namespace stands in that namespace", "[controller][bodies]") {
  const auto name = event_name(kShop, problem());
  CHECK(event_body(kShop, problem(), test::FakeClock().wall()) ==
        R"({"apiVersion":"v1","count":1,"firstTimestamp":"2026-11-23T06:20:44Z",)"
        R"("involvedObject":{"apiVersion":"v1","kind":"Namespace","name":"shop",)"
        R"("namespace":"shop","uid":"uid-shop"},"kind":"Event",)"
        R"("lastTimestamp":"2026-11-23T06:20:44Z","message":"what is wrong",)"
        R"("metadata":{"name":")" +
            name +
            R"(","namespace":"shop"},"reason":"InvalidRegions",)"
            R"("reportingComponent":"icr-pull-secrets","reportingInstance":"",)"
            R"("source":{"component":"icr-pull-secrets"},"type":"Warning"})");
}

TEST_CASE("an Event about something that does not exist names no uid", "[controller][bodies]") {
  const auto body = nlohmann::json::parse(
      event_body({"Secret", "operator", "key", ""}, problem(), test::FakeClock().wall()));
  CHECK_FALSE(body["involvedObject"].contains("uid"));
  CHECK(body["metadata"]["namespace"] == "operator");
}

TEST_CASE("what is only worth saying is a Normal Event", "[controller][bodies]") {
  auto note = problem();
  note.note = true;
  CHECK(event_body(kShop, note, {}).find(R"("type":"Normal")") != std::string::npos);
}

TEST_CASE("the same report has the same name, another one another", "[controller][bodies]") {
  const auto name = event_name(kShop, problem());
  CHECK(event_name(kShop, problem()) == name);
  CHECK(name.rfind("shop.", 0) == 0);
  CHECK(name.size() == 5 + 16);

  auto other_reason = problem();
  other_reason.reason = "InvalidEndpoints";
  auto other_uid = kShop;  // the namespace was deleted and made anew
  other_uid.uid = "uid-2";
  auto other_kind = kShop;
  other_kind.kind = "Secret";
  CHECK(std::set{name, event_name(kShop, other_reason), event_name(kShop, problem("else")),
                 event_name(other_uid, problem()), event_name(other_kind, problem())}
            .size() == 5);
}

TEST_CASE("an Event about something with a very long name has a name that is accepted",
          "[controller][bodies]") {
  auto subject = kShop;
  subject.name = std::string(235, 'a') + "-.-" + std::string(15, 'b');
  const auto name = event_name(subject, problem());
  CHECK(name.size() == 235 + 1 + 16);
  CHECK(name.starts_with(std::string(235, 'a') + "."));
}

TEST_CASE("an Event's message is cut at 1024 bytes, between two characters",
          "[controller][bodies]") {
  const auto message = [](const std::string& text) {
    return nlohmann::json::parse(event_body(kShop, problem(text), {}))["message"]
        .get<std::string>();
  };
  CHECK(message(std::string(1024, 'x')) == std::string(1024, 'x'));
  CHECK(message(std::string(1025, 'x')) == std::string(1024, 'x'));
  for (std::size_t before = 1019; before < 1026; ++before) {
    const auto cut = message(std::string(before, 'x') + "\xf0\x9f\x94\x91\xf0\x9f\x94\x91");
    INFO(before);
    CHECK(cut.size() <= 1024);
    CHECK(cut.find("\xef\xbf\xbd") == std::string::npos);
  }
}

TEST_CASE("bytes that are no text don't break a body", "[controller][bodies]") {
  const auto body = event_body(kShop, problem("a\xff\"\n"), {});
  CHECK(nlohmann::json::parse(body)["message"] == "a\\xff\"\\n");
}

TEST_CASE("an Event that comes back is counted", "[controller][bodies]") {
  CHECK(event_patch(3, test::FakeClock().wall()) ==
        R"({"count":3,"lastTimestamp":"2026-11-23T06:20:44Z"})");
}

}  // namespace bodies_test
