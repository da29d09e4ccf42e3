// Credentials that are fetched, and how they stay fresh.
#include <chrono>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"
#include "icr/base64.hpp"
#include "runtime/timestamp.hpp"

namespace tokens_test {

namespace {

using namespace itest;

const std::string kExpiresAt = "icr-pull-secrets/expires-at";
constexpr auto kBearer = "iambearer";

std::string expires_at(const std::string& ns) {
  const auto copy = cluster().secret(ns);
  if (!copy) return {};
  return (*copy)["metadata"]["annotations"].value(kExpiresAt, "");
}

/// From now on, by this machine's clock.
double seconds_left(const std::string& time) {
  const auto parsed = icrps::parse_rfc3339(time);
  if (!parsed) return -1;
  return std::chrono::duration<double>(*parsed - std::chrono::system_clock::now()).count();
}

std::vector<std::string> make_namespaces(IamScene& scene, int count) {
  std::vector<std::string> made;
  made.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) made.push_back(scene.make_in("us-south"));
  return made;
}

}  // namespace

TEST_CASE("one token serves all namespaces, whatever their number") {
  IamScene scene;
  scene.start_for(access_token());
  const auto namespaces = make_namespaces(scene, 15);
  const auto first = scene.expect_login(namespaces.front(), kBearer);
  for (const auto& ns : namespaces) scene.expect_password(ns, first.password);
  CHECK(iam().token_calls() == 1);
  CHECK(iam().state()["tokenCalls"].contains("apikey"));
}

TEST_CASE("a token is renewed in place before it expires, with one write for each namespace") {
  IamScene scene;
  constexpr int kSeconds = 6;
  iam().set({{"tokenSeconds", kSeconds}});
  scene.start_for(access_token());
  const auto namespaces = make_namespaces(scene, 5);
  const auto first = scene.expect_login(namespaces.front(), kBearer);
  std::vector<std::string> uids;
  for (const auto& ns : namespaces) {
    scene.expect_password(ns, first.password);
    uids.push_back(uid_of(*cluster().secret(ns)));
    CHECK(seconds_left(expires_at(ns)) > 0);
    eventually(ns + " is attached",
               [&] { return cluster().pull_secrets(ns, "default").empty() ? "not yet" : ""; });
  }
  proxy().start_over();
  iam().start_over();
  // The next one is a long one, so that there is nothing but one renewal to be seen.
  iam().set({{"tokenSeconds", nullptr}});
  const auto second = scene.expect_new_login(namespaces.front(), first);
  CHECK(second.user == kBearer);
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    const auto& ns = namespaces[i];
    scene.expect_password(ns, second.password);
    CHECK(uid_of(*cluster().secret(ns)) == uids[i]);
    CHECK(text_of(Scene::requests(ns)) == "PATCH icr-default");
    const auto left = seconds_left(expires_at(ns));
    CHECK(left > 3590);
    CHECK(left < 3601);
  }
  CHECK(iam().token_calls() == 1);
  expect_recorded("expiresAt", expires_at(namespaces.front()));
  // There is nothing to revoke, and nobody wants to hear of it every hour.
  CHECK(cluster().events(kOwn, "RolledOut").empty());
}

TEST_CASE("the expiry annotation is right by our own clock, however wrong IAM's is") {
  for (const int offset : {600, -600}) {
    INFO(offset << " s");
    IamScene scene;
    iam().set({{"clockOffsetSeconds", offset}});
    auto& op = scene.start_for(access_token());
    const auto ns = scene.make_in("us-south");
    scene.expect_login(ns, kBearer);
    const auto left = seconds_left(expires_at(ns));
    CHECK(left > 3590);
    CHECK(left < 3601);
    const auto metric = op.metric("icr_pull_secrets_credential_expiry_timestamp_seconds");
    const auto at = icrps::parse_rfc3339(expires_at(ns));
    REQUIRE(at);
    CHECK(metric == std::chrono::duration<double>(at->time_since_epoch()).count());
  }
}

TEST_CASE("a renewal that fails leaves the token in use, and is tried again when asked to") {
  IamScene scene;
  auto& op = scene.start_for(access_token());
  const auto ns = scene.make_in("us-south");
  auto login = scene.expect_login(ns, kBearer);
  struct Fault {
    std::string name;
    json rule;
  };
  const std::vector<Fault> faults{
      {"429", {{"action", "status"}, {"status", 429}, {"retry_after", "2"}}},
      {"503", {{"action", "status"}, {"status", 503}}},
      {"dropped", {{"action", "drop"}}}};
  for (const auto& fault : faults) {
    INFO(fault.name);
    auto rule = fault.rule;
    rule.update({{"name", fault.name}, {"path", "/identity/token"}});
    iam().add_rule(rule);
    iam().start_over();
    const auto failures = op.log_lines("credential not proved").size();
    scene.put_key(kSource);
    eventually("it fails", [&] {
      return op.log_lines("credential not proved").size() > failures ? "" : op.log_so_far();
    });
    CHECK(scene.login(ns) == login);
    iam().remove_rules();
    login = scene.expect_new_login(ns, login);
    if (fault.name == "429") {
      const auto asked = iam().requests("iam.cloud.ibm.com", "/identity/token");
      REQUIRE(asked.size() == 2);
      const auto time = [&](std::size_t i) {
        return *icrps::parse_rfc3339(asked[i]["time"].get<std::string>());
      };
      CHECK(time(1) - time(0) >= 1s);
    }
  }
  // Each passed by itself, before it was worth an Event.
  CHECK(cluster().events(kOwn).empty());
}

TEST_CASE("a renewal that keeps failing is told, and the token stays") {
  IamScene scene;
  auto& op = scene.start_for(access_token());
  const auto ns = scene.make_in("us-south");
  const auto login = scene.expect_login(ns, kBearer);
  iam().add_rule({{"path", "/identity/token"}, {"action", "status"}, {"status", 503}});
  scene.put_key(kSource);
  const auto event = IamScene::expect_source_event("SourceUnproved", "iam.cloud.ibm.com: 503");
  CHECK(event["involvedObject"]["name"] == kSource);
  CHECK(event["message"].get<std::string>().find("The last good value stays in force") !=
        std::string::npos);
  CHECK(scene.login(ns) == login);
  expect_recorded("proof", "unknown");
  op.expect_metric("icr_pull_secrets_credential_available", 1);
  iam().remove_rules();
  scene.expect_new_login(ns, login);
  eventually("it is recorded",
             [] { return recorded().value("proof", "") == "proved" ? "" : "no"; });
}

TEST_CASE("a token that is about to expire is given to nobody new") {
  IamScene scene;
  iam().set({{"tokenSeconds", 3}});
  scene.start_for(access_token());
  const auto before = scene.make_in("us-south");
  const auto login = scene.expect_login(before, kBearer);
  iam().add_rule({{"path", "/identity/token"}, {"action", "status"}, {"status", 503}});
  eventually("it has expired",
             [&] { return seconds_left(expires_at(before)) < 0 ? "" : expires_at(before); });
  const auto after = scene.make_in("us-south");
  steadily("nobody new gets it", [&] { return Scene::bare(after); }, 300ms);
  CHECK(scene.login(before) == login);
  iam().remove_rules();
  iam().set({{"tokenSeconds", nullptr}});
  scene.expect_login(after, kBearer);
}

TEST_CASE("a refresh token is handed out as iamrefresh, and without an expiry that nobody knows") {
  IamScene scene;
  const auto ns = scene.make_in("us-south");
  scene.start_for(
      "  - name: default\n"
      "    refreshToken: {apiKey: {secretRef: {name: icr-api-key, key: apikey}}}\n");
  scene.expect_login(ns, "iamrefresh");
  CHECK(expires_at(ns).empty());
  const auto logins = iam().requests("us.icr.io", "/oauth/token");
  REQUIRE(logins.size() == 1);
  CHECK(logins[0]["user"] == "iamrefresh");
  CHECK(logins[0]["outcome"] == "issued");
}

TEST_CASE("an API key logs in as the trusted profile of another account") {
  IamScene scene;
  const std::string profile = "Profile-2";
  scene.put_key("icr-profile-key", {{"iamId", "iam-ServiceId-9"}});
  iam().set({{"profiles", {{{"id", profile}, {"identities", {"iam-ServiceId-9"}}}}}});
  const auto ns = scene.make_in("us-south");
  scene.start_for(
      "  - name: default\n"
      "    profileKey: {id: Profile-2, secretRef: {name: icr-profile-key, key: apikey}}\n");
  scene.expect_login(ns, profile);
  CHECK(iam().requests("us.icr.io", "/oauth/token").at(0)["user"] == profile);
  // One that the profile is not linked to.
  scene.put_key("icr-profile-key");
  IamScene::expect_source_event("SourceRefused", "us.icr.io: 401");
  CHECK(scene.login(ns)->user == profile);
}

TEST_CASE("any user name and password works at the hosts that it names, without IAM") {
  IamScene scene;
  const auto password = scene.new_key();
  cluster().put_secret(kOwn, "entitlement", {{"password", password}});
  iam().add_login("cp", password, {{"hosts", {"cp.icr.io"}}});
  scene.start_for(
      api_key() +
      "  - name: entitled\n"
      "    basic: {username: cp, hosts: [cp.icr.io], password: {secretRef: {name: entitlement, "
      "key: password}}}\n");
  const auto ns = scene.make({{kRegions, "us-south"}, {kCredentials, "default,entitled"}});
  CHECK(scene.expect_login(ns, "cp", "entitled").password == password);
  CHECK(hosts_of(*cluster().secret(ns, "icr-entitled")) == Hosts{"cp.icr.io"});
  scene.expect_served(ns);
  CHECK(iam().token_calls() == 1);
}

TEST_CASE("a trusted profile needs no key: the pod's token is read anew each time") {
  IamScene scene;
  const auto subject = "system:serviceaccount:" + kOwn + ":" + kOwn;
  iam().set({{"tokenSeconds", 6}, {"profiles", {{{"id", "Profile-1"}, {"subjects", {subject}}}}}});
  const auto token = iam().service_account_token(subject, 3600);
  scene.guard(token);
  const auto file = scratch_file("sa-token", token + "\n");
  auto& op = scene.start_for(fmt::format(
      "  - name: default\n    trustedProfile: {{id: Profile-1, tokenFile: {}}}\n", file));
  const auto ns = scene.make_in("us-south");
  auto login = scene.expect_login(ns, kBearer);
  CHECK(iam().requests("iam.cloud.ibm.com", "/identity/token").at(0)["grant"] == "cr-token");

  // What a stranger's token does not open.
  write_text(file, iam().service_account_token("system:serviceaccount:other:other", 3600));
  scene.expect_failure("BXNIM0400E");
  const auto event = IamScene::expect_source_event("SourceRefused", "BXNIM0400E");
  CHECK(event["involvedObject"]["name"] == "icr-pull-secrets-status");
  CHECK(scene.login(ns) == login);
  op.expect_metric("icr_pull_secrets_credential_refreshes_total", {{"outcome", "refused"}}, 1);
}

TEST_CASE("a trusted profile without a token says what is missing") {
  IamScene scene;
  auto& op = scene.start_for(
      "  - name: default\n    trustedProfile: {id: Profile-1, tokenFile: /nowhere/sa-token}\n");
  const auto ns = scene.make_in("us-south");
  scene.expect_failure("/nowhere/sa-token: there is no service-account token; mount a projected");
  CHECK(Scene::bare(ns) == "");
  CHECK(op.probe("/livez") == 200);
  CHECK(iam().token_calls() == 0);
}

TEST_CASE("one host's no takes nobody's tokens") {
  IamScene scene;
  iam().set({{"tokenSeconds", 6}});
  iam().add_rule({{"name", "policy"},
                  {"host", "de\\.icr\\.io"},
                  {"path", "/oauth/token"},
                  {"action", "status"},
                  {"status", 403}});
  const auto there = scene.make_in("eu-de");
  const auto here = scene.make_in("us-south");
  scene.start_for(access_token());
  auto login = scene.expect_login(here, kBearer);
  const auto event = IamScene::expect_source_event("PolicyRefused", "de.icr.io: 403");
  CHECK(event["message"].get<std::string>().find("nothing changes at the other hosts") !=
        std::string::npos);
  for (int i = 0; i < 3; ++i) {
    login = scene.expect_new_login(here, login);
    scene.expect_password(there, login.password);
  }
  CHECK(iam().matched("policy") >= 3);
  CHECK(cluster().events(kOwn, "PolicyRefused").size() == 1);
}

TEST_CASE("after a slip in the source tokens go on being fetched with the last good value") {
  IamScene scene;
  iam().set({{"tokenSeconds", 6}});
  scene.start_for(access_token());
  const auto ns = scene.make_in("us-south");
  auto login = scene.expect_login(ns, kBearer);
  const auto renewed = [&] {
    for (int i = 0; i < 2; ++i) login = scene.expect_new_login(ns, login);
  };
  const auto tells = [](const json& event) {
    const auto text = event["message"].get<std::string>();
    CHECK(text.find("tokens go on being fetched with it") != std::string::npos);
    CHECK(text.find("The token in force ends at ") != std::string::npos);
    CHECK(text.find("To stop that on purpose, revoke the key") != std::string::npos);
  };
  cluster().delete_secret(kOwn, kSource);
  tells(Scene::expect_event(kOwn, "SourceMissing"));
  renewed();
  expect_recorded("proof", "invalid");
  scene.put_wrong_key();
  tells(IamScene::expect_source_event("SourceRefused", "BXNIM0415E"));
  renewed();
  expect_recorded("proof", "refused");
  scene.put_key(kSource);
  expect_recorded("proof", "proved");
}

TEST_CASE("a restart and another configuration go on with the token that is in place") {
  IamScene scene;
  scene.start_for(access_token());
  const auto namespaces = make_namespaces(scene, 5);
  const auto login = scene.expect_login(namespaces.front(), kBearer);
  for (const auto& ns : namespaces) scene.expect_password(ns, login.password);
  const auto expiry = expires_at(namespaces.front());
  for (const std::string more : {"", "workers: 4"}) {
    scene.stop();
    iam().start_over();
    proxy().start_over();
    scene.start_for(access_token(), more);
    // One that is new gets it as well.
    const auto later = scene.make_in("us-south");
    scene.expect_password(later, login.password);
    CHECK(expires_at(later) == expiry);
    for (const auto& ns : namespaces) CHECK(writes(Scene::requests(ns)).empty());
    CHECK(iam().token_calls() == 0);
    eventually("it is proved again",
               [] { return iam().requests("us.icr.io", "/oauth/token").empty() ? "no" : ""; });
  }
  // Another key is used at once.
  scene.stop();
  scene.put_key(kSource);
  scene.start_for(access_token());
  scene.expect_new_login(namespaces.front(), login);
}

TEST_CASE("with a source that is wrong after a restart, the token in place serves until its end") {
  IamScene scene;
  scene.start_for(access_token());
  const auto ns = scene.make_in("us-south");
  const auto login = scene.expect_login(ns, kBearer);
  scene.stop();
  scene.put_wrong_key();
  scene.start_for(access_token());
  const auto event = IamScene::expect_source_event("SourceRefused", "BXNIM0415E");
  CHECK(event["message"].get<std::string>().find("The token in force ends at " + expires_at(ns)) !=
        std::string::npos);
  const auto later = scene.make_in("us-south");
  scene.expect_password(later, login.password);
}

TEST_CASE("a source that is touched is no change") {
  IamScene scene;
  scene.start_for(access_token());
  const auto ns = scene.make_in("us-south");
  const auto login = scene.expect_login(ns, kBearer);
  for (int i = 0; i < 20; ++i) IamScene::touch();
  scene.put_wrong_key();
  scene.expect_failure("BXNIM0415E");
  CHECK(iam().token_calls() == 2);
  // The pause after a refusal goes on.
  for (int i = 0; i < 20; ++i) IamScene::touch();
  steadily("nobody asks", [] { return iam().token_calls() == 2 ? "" : "somebody did"; }, 500ms);
  CHECK(scene.login(ns) == login);
}

}  // namespace tokens_test
