// The credential's source: an API key in a Secret of the operator's namespace, watched.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/scene.hpp"

namespace source_test {

namespace {

using namespace itest;

bool mentions(const json& event, const std::string& text) {
  return event["message"].get<std::string>().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("when the source changes, every copy is updated in place with one write each") {
  Scene scene;
  scene.start();
  std::vector<std::string> namespaces;
  std::vector<std::string> uids;
  constexpr int kNamespaces = 20;
  for (int i = 0; i < kNamespaces; ++i) {
    namespaces.push_back(scene.make_in(i % 2 == 0 ? "us-south" : "eu-de"));
  }
  const auto hosts = [](int i) { return i % 2 == 0 ? Hosts{"us.icr.io"} : Hosts{"de.icr.io"}; };
  for (int i = 0; i < kNamespaces; ++i) {
    scene.expect_served(namespaces[i], hosts(i));
    uids.push_back(uid_of(*cluster().secret(namespaces[i])));
  }
  proxy().start_over();
  scene.rotate();
  for (int i = 0; i < kNamespaces; ++i) scene.expect_served(namespaces[i], hosts(i));
  for (int i = 0; i < kNamespaces; ++i) {
    CHECK(uid_of(*cluster().secret(namespaces[i])) == uids[i]);
    CHECK(text_of(Scene::requests(namespaces[i])) == "PATCH icr-default");
  }
}

TEST_CASE("writing the same key again writes nothing") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  proxy().start_over();
  Scene::set_source(scene.key() + "\n");
  cluster().put_secret(kOwn, kSource, {{"apikey", scene.key()}, {"more", "ignored"}});
  // The next key proves that the ones before were seen.
  scene.rotate();
  scene.expect_served(ns);
  CHECK(text_of(Scene::requests(ns)) == "PATCH icr-default");
  CHECK(op.log_lines("credential ready").size() == 2);
}

TEST_CASE("a source that is missing at the start is told about, and used once it is created") {
  Scene scene;
  cluster().delete_secret(kOwn, kSource);
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");

  const auto event = Scene::expect_event(kOwn, "SourceMissing");
  CHECK(mentions(event, "create it with the credential under the name \"apikey\""));
  CHECK(event["type"] == "Warning");
  eventually("the namespace waits for the credential", [&] {
    return op.metric("icr_pull_secrets_namespaces", {{"state", "no_credential"}}) == 1
               ? ""
               : op.text("/metrics");
  });
  op.expect_metric("icr_pull_secrets_credential_available", {{"credential", "default"}}, 0);
  CHECK(op.probe("/readyz") == 200);
  CHECK(Scene::bare(ns) == "");
  CHECK(writes(Scene::requests(ns)).empty());

  scene.rotate();
  scene.expect_served(ns);
  op.expect_metric("icr_pull_secrets_credential_available", {{"credential", "default"}}, 1);
}

TEST_CASE("a source that is deleted leaves the last good key in force, also for new namespaces") {
  Scene scene;
  auto& op = scene.start();
  const auto before = scene.make_in("us-south");
  scene.expect_served(before);
  proxy().start_over();

  cluster().delete_secret(kOwn, kSource);
  CHECK(mentions(Scene::expect_event(kOwn, "SourceMissing"),
                 "The last good value stays in force everywhere"));
  const auto after = scene.make_in("eu-de");
  scene.expect_served(after, {"de.icr.io"});
  CHECK(scene.served(before) == "");
  CHECK(Scene::requests(before).empty());
  CHECK(op.metric("icr_pull_secrets_source_refusals_total", {{"reason", "SourceMissing"}}) >= 1);
}

TEST_CASE("copies survive a restart without a source") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.stop();
  cluster().delete_secret(kOwn, kSource);
  proxy().start_over();
  scene.start();
  Scene::expect_event(kOwn, "SourceMissing");
  CHECK(scene.served(ns) == "");
  CHECK(writes(Scene::requests(ns)).empty());
}

TEST_CASE("a source with a trailing newline is used without it, and said so") {
  Scene scene;
  const auto source = scene.key() + "\r\n";
  Scene::set_source(source);
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const auto event = Scene::expect_event(kOwn, "SourceTrimmed");
  CHECK(mentions(event, "white space around the credential (a line end, most likely) was removed"));
  CHECK(event["type"] == "Normal");
  CHECK(op.log_lines("white space around the credential removed").size() == 1);
}

TEST_CASE("a source that can't be a key changes nothing that works, and says what is accepted") {
  Scene scene;
  const std::string accepted =
      "accepted: 1 to 4096 printable ASCII characters without blanks, double quotes and "
      "backslashes";
  struct Bad {
    std::string name;
    std::string value;
    std::string message;
  };
  const std::string key = scene.new_key();
  // Each differs from the one before in what is wrong: the same mistake again is no news.
  const std::vector<Bad> table{
      {"empty", "", "is empty"},
      {"only a newline", "\n", "is nothing but white space"},
      {"a quote", key + "\"x", "holds a double quote"},
      {"a backslash", key + "\\n", "holds a backslash"},
      {"non-ASCII", key + "\xc3\xbc", "holds a character that is not ASCII"},
      {"two lines", key + "\n" + key, "holds a line end"},
      {"not even UTF-8", key + "\xff", "holds a character that is not ASCII"},
      {"quoted", "\"" + key + "\"", "stands in double quotes"},
      {"a JSON object without a key", "{\"key\": \"" + key + "\"}", "is a JSON object"},
  };
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  proxy().start_over();

  double refusals = 0;
  for (const auto& bad : table) {
    INFO(bad.name);
    Scene::set_source(bad.value);
    eventually("an Event tells of " + bad.name, [&]() -> std::string {
      for (const auto& event : cluster().events(kOwn, "SourceInvalid")) {
        if (mentions(event, bad.message) && mentions(event, accepted) &&
            mentions(event, "The last good value stays in force everywhere")) {
          return {};
        }
      }
      return json(cluster().events(kOwn)).dump();
    });
    // Two of them are told in the same words, so that the Event alone proves nothing.
    op.expect_metric("icr_pull_secrets_source_refusals_total", {{"reason", "SourceInvalid"}},
                     ++refusals);
  }
  // A key under another name is no key.
  cluster().put_secret(kOwn, kSource, {{"api-key", key}});
  eventually("an Event tells of the missing name", [&]() -> std::string {
    for (const auto& event : cluster().events(kOwn, "SourceInvalid")) {
      if (mentions(event, "has no key \"apikey\"")) return {};
    }
    return json(cluster().events(kOwn)).dump();
  });
  CHECK(scene.served(ns) == "");
  CHECK(Scene::requests(ns).empty());
  op.expect_metric("icr_pull_secrets_credential_available", {{"credential", "default"}}, 1);

  scene.rotate();
  scene.expect_served(ns);
}

TEST_CASE("a bad source at the start leaves copies of an earlier run alone until it is mended") {
  Scene scene;
  scene.start();
  const auto before = scene.make_in("us-south");
  scene.expect_served(before);
  scene.stop();
  Scene::set_source("");
  proxy().start_over();

  scene.start();
  const auto after = scene.make_in("us-south");
  Scene::expect_event(kOwn, "SourceInvalid");
  CHECK(scene.served(before) == "");
  CHECK(Scene::bare(after) == "");
  CHECK(writes(Scene::requests(before)).empty());

  scene.rotate();
  scene.expect_served(before);
  scene.expect_served(after);
}

}  // namespace source_test
