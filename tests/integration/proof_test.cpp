// Proof before use: what IAM and the registries say decides what namespaces get.
#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"

namespace proof_test {

namespace {

using namespace itest;

const std::string kIamHost = "iam.cloud.ibm.com";
const json kIamDown = {
    {"name", "down"}, {"path", "/identity/token"}, {"action", "status"}, {"status", 503}};

std::string says(const json& event) {
  return event["message"];
}

bool mentions(const json& event, const std::string& text) {
  return says(event).find(text) != std::string::npos;
}

/// How often a login was sent to the registry.
std::size_t asked_at(const std::string& host) {
  return iam().requests(host, "/oauth/token").size();
}

/// How often the credential was proved at this host because namespaces began to ask for it.
std::size_t proved_later(const OperatorProcess& op, const std::string& host) {
  const auto lines = op.log_lines("credential proved at more hosts");
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
    return line["hosts"].template get<std::string>().find(host) != std::string::npos;
  }));
}

void expect_proved_at(const OperatorProcess& op, const std::string& host) {
  eventually("it is proved at " + host,
             [&] { return proved_later(op, host) > 0 ? "" : "it is not"; });
}

std::string waits(const std::string& ns) {
  return Scene::bare(ns);
}

/// A scene in which the first key is in force in one namespace, and proved where that pulls from.
struct Running {
  IamScene scene;
  OperatorProcess& op = scene.start_for(api_key());
  const std::string good = scene.key();
  const std::string ns = scene.make_in("us-south");
  Running() {
    scene.expect_served(ns);
    eventually("it is proved there",
               [] { return asked_at("us.icr.io") > 0 ? "" : "nobody has asked"; });
  }
};

}  // namespace

TEST_CASE("a wrong key never gets to a namespace: the last good one stays, and it is told why") {
  Running world;
  auto& [scene, op, good, ns] = world;
  proxy().start_over();
  scene.put_wrong_key();
  const auto event = IamScene::expect_source_event("SourceRefused", "BXNIM0415E");
  CHECK(event["type"] == "Warning");
  CHECK(event["involvedObject"]["kind"] == "Secret");
  CHECK(event["involvedObject"]["name"] == kSource);
  CHECK(mentions(event, kIamHost));
  CHECK(mentions(event, "The last good value stays in force everywhere"));
  op.expect_metric("icr_pull_secrets_credential_proofs_total",
                   {{"credential", "default"}, {"outcome", "refused"}}, 1);
  op.expect_metric("icr_pull_secrets_credential_available", 1);
  expect_recorded("proof", "refused");
  CHECK(recorded()["message"].get<std::string>().find("BXNIM0415E") != std::string::npos);

  const auto after = scene.make_in("us-south");
  scene.expect_password(after, good);
  CHECK(scene.login(ns)->password == good);
  CHECK(Scene::requests(ns).empty());
  CHECK(matching(proxy().requests(), "POST", "/secrets$").size() == 1);

  const auto better = scene.put_key(kSource);
  scene.expect_password(ns, better);
  scene.expect_password(after, better);
  expect_recorded("proof", "proved");
  const auto told = IamScene::expect_source_event("RolledOut", "2 namespaces");
  CHECK(told["type"] == "Normal");
}

TEST_CASE("a wrong key at the first start is waited for to be mended") {
  IamScene scene;
  scene.put_wrong_key();
  auto& op = scene.start_for(api_key());
  const auto ns = scene.make_in("us-south");
  CHECK(mentions(IamScene::expect_source_event("SourceRefused", "BXNIM0415E"),
                 "No namespace gets this credential"));
  steadily("it waits", [&] { return waits(ns); }, 300ms);
  op.expect_metric("icr_pull_secrets_credential_available", 0);
  const auto key = scene.put_key(kSource);
  scene.expect_password(ns, key);
}

TEST_CASE("400 and 401 of IAM or a registry are refusals, whatever they mean there") {
  struct Case {
    std::string what;
    json settings;
    json key;  // null: it will be disabled
    std::string text;
  };
  const json elsewhere = {{"hosts", {"de.icr.io"}}};
  const std::vector<Case> table{
      {"registry 401", {{"refusalStatus", 401}}, elsewhere, "us.icr.io: 401"},
      {"registry 400", {{"refusalStatus", 400}}, elsewhere, "us.icr.io: 400"},
      {"disabled 400", {{"disabledStatus", 400}}, nullptr, "400 BXNIM0462E"},
      {"disabled 401", {{"disabledStatus", 401}}, nullptr, "401 BXNIM0462E"}};
  Running world;
  auto& [scene, op, good, ns] = world;
  for (const auto& row : table) {
    INFO(row.what);
    iam().set(row.settings);
    const bool disabled = row.key.is_null();
    scene.put_key(kSource, disabled ? json{{"state", "disabled"}} : row.key);
    IamScene::expect_source_event("SourceRefused", row.text);
    CHECK(scene.login(ns)->password == good);
  }
  op.expect_metric("icr_pull_secrets_credential_proofs_total", {{"outcome", "refused"}}, 4);
}

TEST_CASE("403 is a policy, and told as one") {
  Running world;
  auto& [scene, op, good, ns] = world;
  const json denied = {{"errors", {{{"code", "DENIED"}, {"message", "not from this address"}}}}};
  iam().add_rule({{"name", "policy"},
                  {"host", "us\\.icr\\.io"},
                  {"path", "/oauth/token"},
                  {"action", "status"},
                  {"status", 403},
                  {"body", denied.dump()}});
  scene.put_key(kSource);
  const auto event = IamScene::expect_source_event("PolicyRefused", "us.icr.io: 403");
  CHECK(mentions(event, "not from this address"));
  CHECK(scene.login(ns)->password == good);
  expect_recorded("proof", "policy");
  iam().remove_rules();
  const json context = {{"errorCode", "BXNIM0528E"}, {"errorMessage", "not from this address"}};
  iam().add_rule({{"name", "policy"},
                  {"path", "/identity/token"},
                  {"action", "status"},
                  {"status", 403},
                  {"body", context.dump()}});
  scene.put_key(kSource);
  IamScene::expect_source_event("PolicyRefused", kIamHost + ": 403");
  CHECK(scene.login(ns)->password == good);
  iam().remove_rules();
  const auto better = scene.put_key(kSource);
  scene.expect_password(ns, better);
}

TEST_CASE("with IAM down at the first start, namespaces wait for it") {
  IamScene scene;
  iam().add_rule(kIamDown);
  auto& op = scene.start_for(api_key());  // and is ready all the same
  const auto ns = scene.make_in("us-south");
  eventually("it is tried again", [] { return iam().matched("down") >= 2 ? "" : "no"; });
  CHECK(waits(ns) == "");
  op.expect_metric("icr_pull_secrets_credential_available", 0);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "no_credential"}}, 1);
  CHECK(cluster().events(kOwn, "SourceRefused").empty());
  iam().remove_rules();
  scene.expect_served(ns);
}

TEST_CASE("with `proof: preferred` a key is handed out while nobody can be asked, a bad one not") {
  IamScene scene;
  iam().add_rule(kIamDown);
  scene.start_for(api_key(), "proof: preferred");
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  expect_recorded("proof", "unproved");
  iam().remove_rules();
  expect_recorded("proof", "proved");
  const auto good = scene.key();
  scene.put_wrong_key();
  IamScene::expect_source_event("SourceRefused", "BXNIM0415E");
  CHECK(scene.login(ns)->password == good);
}

TEST_CASE("after a restart with IAM down, a key that was proved serves at once, again and again") {
  Running world;
  auto& [scene, op, good, ns] = world;
  scene.stop();
  iam().add_rule(kIamDown);
  for (int i = 0; i < 2; ++i) {
    iam().start_over();
    proxy().start_over();
    scene.start_for(api_key());
    const auto after = scene.make_in("us-south");
    scene.expect_password(after, good);
    CHECK(writes(Scene::requests(ns)).empty());
    if (i == 0) {
      expect_recorded("proof", "unknown");
    }
    scene.stop();
  }
  // A changed one is not.
  const auto changed = scene.put_key(kSource);
  scene.start_for(api_key());
  const auto last = scene.make_in("us-south");
  steadily("it waits", [&] { return waits(last); }, 300ms);
  CHECK(scene.login(ns)->password == good);
  iam().remove_rules();
  scene.expect_password(last, changed);
  scene.expect_password(ns, changed);
}

TEST_CASE("no credential is sent to a token endpoint that is not the registry's own") {
  struct Case {
    std::string realm;
    std::string text;
  };
  const std::vector<Case> table{
      {"https://evil.example/oauth/token", "at a host that does not belong to the registry"},
      {"http://us.icr.io/oauth/token", "is not an https:// URL"},
      {"https://us.icr.io.evil.example/oauth/token", "does not belong to the registry"},
      {"https://us.icr.io@evil.example/oauth/token", "carries user information"},
      {"https://us.icr.io:8443/oauth/token", "at another port"},
  };
  Running world;
  auto& [scene, op, good, ns] = world;
  for (const auto& row : table) {
    INFO(row.realm);
    iam().set({{"realm", row.realm}});
    iam().start_over();
    scene.put_key(kSource);
    scene.expect_failure(row.text);
    for (const auto& request : iam().requests()) {
      INFO(request.dump());
      CHECK(request["host"] != "evil.example");
      CHECK(request["path"] != "/oauth/token");
      CHECK(request.value("auth", "") != "basic");
    }
    CHECK(scene.login(ns)->password == good);
  }
  // It may be at another host of the same domain.
  iam().set({{"realm", "https://icr.io/oauth/token"}});
  const auto better = scene.put_key(kSource);
  scene.expect_password(ns, better);
  CHECK(iam().requests("icr.io", "/oauth/token").size() == 1);
}

TEST_CASE("redirects are not followed, least of all with a credential") {
  Running world;
  auto& [scene, op, good, ns] = world;
  std::string last;
  for (const std::string path : {"/v2/", "/oauth/token", "/identity/token"}) {
    for (const int status : {302, 307}) {
      INFO(path << " " << status);
      iam().start_over();
      const auto rule = fmt::format("{} {}", path, status);
      iam().add_rule({{"name", rule},
                      {"path", path},
                      {"action", "status"},
                      {"status", status},
                      {"headers", {{"Location", "https://evil.example" + path}}}});
      if (!last.empty()) iam().remove_rules(last);
      last = rule;
      scene.put_key(kSource);
      scene.expect_failure(fmt::format(": {}", status));
      for (const auto& request : iam().requests()) CHECK(request["host"] != "evil.example");
      CHECK(scene.login(ns)->password == good);
    }
  }
}

TEST_CASE("a challenge is understood however it is written") {
  for (const std::string form : {"quoted", "unquoted"}) {
    INFO(form);
    IamScene scene;
    iam().set({{"challenge", form}});
    const auto ns = scene.make_in("us-south,eu-de");
    scene.start_for(api_key());
    scene.expect_served(ns, {"de.icr.io", "us.icr.io"});
    CHECK(iam().requests("us.icr.io", "/oauth/token").size() == 1);
    CHECK(iam().requests("de.icr.io", "/oauth/token").size() == 1);
  }
}

TEST_CASE("a registry that asks for no login, or for another one, is sent none") {
  Running world;
  auto& [scene, op, good, ns] = world;
  struct Case {
    json answer;
    std::string text;
  };
  const std::vector<Case> table{
      {{{"status", 200}}, "answers /v2/ without asking for a login"},
      {{{"status", 401}, {"headers", {{"WWW-Authenticate", "Digest realm=\"x\""}}}},
       "no Bearer or Basic challenge"},
      {{{"status", 401}, {"headers", {{"WWW-Authenticate", "Bearer realm=\"https://us.i"}}}},
       "no Bearer or Basic challenge"},
      {{{"status", 404}}, "us.icr.io: 404"},
  };
  for (const auto& row : table) {
    INFO(row.text);
    iam().start_over();
    json rule = {{"host", "us\\.icr\\.io"}, {"path", "/v2/"}, {"action", "status"}};
    rule.update(row.answer);
    iam().add_rule(rule);
    scene.put_key(kSource);
    scene.expect_failure(row.text);
    CHECK(iam().requests("us.icr.io", "/oauth/token").empty());
    CHECK(scene.login(ns)->password == good);
  }
}

TEST_CASE("a region that is down holds up nobody, one that takes only the old key does") {
  Running world;
  auto& [scene, op, good, ns] = world;
  const auto both = scene.make_in("us-south,eu-de");
  scene.expect_served(both, {"de.icr.io", "us.icr.io"});
  expect_proved_at(op, "de.icr.io");
  iam().add_rule({{"host", "de\\.icr\\.io"}, {"action", "status"}, {"status", 503}});
  const auto second = scene.put_key(kSource);
  scene.expect_password(both, second);
  const auto lines = op.log_lines("some registries could not be asked");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["silent"] == "de.icr.io");
  iam().remove_rules();
  scene.put_key(kSource, {{"hosts", {"us.icr.io"}}});
  IamScene::expect_source_event("SourceRefused", "de.icr.io: 401");
  CHECK(scene.login(ns)->password == second);
}

TEST_CASE("a probe image proves the right to pull, too") {
  IamScene scene;
  iam().set({{"images", {{{"host", "us.icr.io"}, {"name", "team/app"}, {"reference", "1"}}}}});
  scene.start_for(api_key("default", kSource, "probeImage: us.icr.io/team/app:1"));
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const auto asked = iam().requests("us.icr.io", "/v2/team/app/manifests/1");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0]["method"] == "HEAD");
  CHECK(asked[0]["auth"] == "bearer");
  // For the host, and for the image: side by side, and a yes to one of them is enough to go on.
  eventually("both were asked", [] {
    return iam().requests("us.icr.io", "/oauth/token").size() == 2 ? "" : "not yet";
  });
  const auto tokens = iam().requests("us.icr.io", "/oauth/token");
  CHECK(std::any_of(tokens.begin(), tokens.end(), [](const auto& token) {
    return token.value("scope", "") == "repository:team/app:pull";
  }));
  const auto good = scene.key();

  // A login that is good, without the right to pull.
  scene.put_key(kSource, {{"namespaces", {"other"}}});
  const auto event = IamScene::expect_source_event("PolicyRefused", "may not pull team/app:1");
  CHECK(mentions(event, "us.icr.io: 401"));
  CHECK(scene.login(ns)->password == good);
  // An image that is gone is gone for the old key, too.
  iam().set({{"images", nullptr}});
  const auto better = scene.put_key(kSource);
  IamScene::expect_source_event("PolicyRefused", "there is no such image");
  scene.expect_password(ns, better);
}

TEST_CASE("only what namespaces ask for is asked") {
  IamScene scene;
  const auto ns = scene.make_in("us-south");
  scene.start_for(api_key());
  scene.expect_served(ns);
  for (const auto& request : iam().requests()) {
    CHECK((request["host"] == kIamHost || request["host"] == "us.icr.io"));
  }
  CHECK(iam().token_calls() == 1);
}

TEST_CASE("a host that namespaces begin to ask for is proved soon, and once for all of them") {
  Running world;
  auto& [scene, op, good, ns] = world;
  expect_proved_at(op, "us.icr.io");  // nobody asked for it when the operator started
  iam().start_over();
  constexpr int kMany = 40;
  std::vector<std::string> later;
  for (int i = 0; i < kMany; ++i) later.push_back(scene.make_in("us-south,eu-de"));
  for (const auto& one : later) scene.expect_served(one, {"de.icr.io", "us.icr.io"});
  expect_proved_at(op, "de.icr.io");
  CHECK(proved_later(op, "de.icr.io") == 1);
  CHECK(asked_at("de.icr.io") == 1);
  CHECK(asked_at("us.icr.io") == 0);
  CHECK(iam().token_calls() == 0);
  op.expect_metric("icr_pull_secrets_credential_proofs_total",
                   {{"credential", "default"}, {"outcome", "proved"}}, 3);
  expect_recorded("proof", "proved");
}

TEST_CASE("where a host that is asked for later refuses, that is told, and nothing else changes") {
  Running world;
  auto& [scene, op, good, ns] = world;
  expect_proved_at(op, "us.icr.io");
  iam().add_rule({{"name", "policy"},
                  {"host", "de\\.icr\\.io"},
                  {"path", "/oauth/token"},
                  {"action", "status"},
                  {"status", 403}});
  const auto both = scene.make_in("us-south,eu-de");
  const auto event = IamScene::expect_source_event("PolicyRefused", "de.icr.io: 403");
  CHECK(event["involvedObject"]["name"] == kSource);
  CHECK(mentions(event, "nothing changes at the other hosts"));
  scene.expect_served(both, {"de.icr.io", "us.icr.io"});
  CHECK(scene.login(ns)->password == good);
  op.expect_metric("icr_pull_secrets_credential_proofs_total", {{"outcome", "policy"}}, 1);
  expect_recorded("proof", "policy");

  // A new key is not held up by it.
  const auto better = scene.put_key(kSource);
  scene.expect_password(ns, better);
  scene.expect_password(both, better);
  // Nor does it stay for ever.
  iam().remove_rules();
  const auto last = scene.put_key(kSource);
  expect_recorded("proof", "proved");
  scene.expect_password(ns, last);
}

TEST_CASE("at a first start one restricted host of many holds up nobody") {
  IamScene scene;
  iam().add_rule(
      {{"host", "de\\.icr\\.io"}, {"path", "/oauth/token"}, {"action", "status"}, {"status", 403}});
  const auto ns = scene.make_in("us-south,eu-de");
  scene.start_for(api_key());
  scene.expect_served(ns, {"de.icr.io", "us.icr.io"});
  const auto event = IamScene::expect_source_event("PolicyRefused", "de.icr.io: 403");
  CHECK(mentions(event, "nothing changes at the other hosts"));
}

TEST_CASE("a new key that a host refuses is handed out where the old one is refused there, too") {
  Running world;
  auto& [scene, op, good, ns] = world;
  const auto both = scene.make_in("us-south,eu-de");
  expect_proved_at(op, "de.icr.io");
  // The old one works there: it stays everywhere.
  scene.put_key(kSource, {{"hosts", {"us.icr.io"}}});
  IamScene::expect_source_event("SourceRefused", "de.icr.io: 401");
  CHECK(scene.login(both)->password == good);
  // Nobody is let in there any more: that holds up nothing.
  iam().add_rule(
      {{"host", "de\\.icr\\.io"}, {"path", "/oauth/token"}, {"action", "status"}, {"status", 403}});
  const auto better = scene.put_key(kSource);
  scene.expect_password(both, better);
  scene.expect_password(ns, better);
  expect_recorded("proof", "policy");
}

TEST_CASE("a silent host keeps a new key waiting for no longer than a moment") {
  Running world;
  auto& [scene, op, good, ns] = world;
  iam().add_rule({{"name", "silent"}, {"host", "de\\.icr\\.io"}, {"action", "hang"}});
  const auto both = scene.make_in("us-south,eu-de");
  scene.expect_served(both, {"de.icr.io", "us.icr.io"});
  eventually("it is being asked", [] { return iam().matched("silent") > 0 ? "" : "no"; });
  const auto begun = std::chrono::steady_clock::now();
  const auto better = scene.put_key(kSource);
  scene.expect_password(ns, better);
  CHECK(std::chrono::steady_clock::now() - begun < 3s * patience());
}

}  // namespace proof_test
