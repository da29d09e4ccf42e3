// List and watch: what is asked for, and how every kind of interruption is got over.
#include <algorithm>
#include <regex>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "harness/control_plane.hpp"
#include "harness/scene.hpp"

namespace watch_test {

namespace {

using namespace itest;

const std::string kNamespaceWatch = "/api/v1/namespaces[?].*watch=1";
const std::string kAccountWatch = "/api/v1/serviceaccounts[?].*watch=1";
const std::string kCopyWatch = "/api/v1/secrets[?].*watch=1";
const std::string kSourceWatch = "/namespaces/icr-pull-secrets/secrets[?].*watch=1";
const std::string kAnyWatch = "watch=1";

/// The question how far the server is, before a watch that ended is resumed.
bool asks_version(const Seen& seen) {
  static const std::regex kOne("[?&]limit=1(&|$)");
  return std::regex_search(seen.path, kOne);
}

Requests lists_of(const std::string& collection) {
  auto found = matching(proxy().requests(), "GET", collection + "[?]");
  std::erase_if(found, [](const Seen& seen) { return seen.is_watch() || asks_version(seen); });
  return found;
}

std::string version_of(const Seen& seen) {
  std::smatch match;
  static const std::regex kVersion("[?&]resourceVersion=([0-9]+)");
  return std::regex_search(seen.path, match, kVersion) ? match[1].str() : std::string();
}

void expect_watches() {
  proxy().expect_open(kAnyWatch, 4);
}

/// Serving a new namespace takes a namespace's event and an account's.
void expect_working(Scene& scene) {
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.rotate();
  scene.expect_served(ns);
  cluster().delete_secret(ns, kCopy);
  scene.expect_served(ns);
}

std::pair<std::string, std::string> two_served(Scene& scene) {
  const std::pair two(scene.make_in("us-south"), scene.make_in("us-south"));
  scene.expect_served(two.first);
  scene.expect_served(two.second);
  return two;
}

}  // namespace

TEST_CASE("namespaces are listed and watched as metadata only") {
  Scene scene;
  scene.start();
  expect_watches();
  const auto lists = lists_of("/api/v1/namespaces");
  REQUIRE(lists.size() == 1);
  CHECK(lists[0].accept == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  CHECK(lists[0].status == 200);
  const auto watches = matching(proxy().requests(), "GET", kNamespaceWatch);
  REQUIRE(watches.size() == 1);
  CHECK(watches[0].accept == "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  CHECK(watches[0].status == 200);
}

TEST_CASE("every list is limited to a page and every watch asks for bookmarks and an end") {
  Scene scene;
  scene.start();
  expect_watches();
  const auto of_collections = matching(proxy().requests(), "GET", "[?]");
  REQUIRE(of_collections.size() == 8);
  for (const auto& seen : of_collections) {
    INFO(seen.path);
    CHECK(seen.agent.starts_with("icr-pull-secrets"));
    if (seen.is_watch()) {
      CHECK(seen.path.find("allowWatchBookmarks=true") != std::string::npos);
      CHECK(seen.path.find("timeoutSeconds=") != std::string::npos);
      CHECK(version_of(seen) != "");
    } else {
      CHECK(seen.path.find("limit=") != std::string::npos);
    }
    const bool of_secrets = seen.path.find("/secrets") != std::string::npos;
    CHECK(of_secrets == (seen.path.find("fieldSelector=metadata.name=icr-") != std::string::npos));
  }
}

TEST_CASE("a bookmark moves on the version that a watch is resumed from") {
  Scene scene;
  scene.start();
  expect_watches();
  // A version that no event has brought.
  const auto ns = cluster().make_namespace("elsewhere");
  scene.track(ns);
  const auto later = must(cluster().api().get("/api/v1/pods?limit=1"))["metadata"];
  const std::string version = later["resourceVersion"];
  const auto line = json{
      {"type", "BOOKMARK"},
      {"object",
       {{"kind", "Secret"}, {"apiVersion", "v1"}, {"metadata", {{"resourceVersion", version}}}}}};
  REQUIRE(proxy().inject(kSourceWatch, line.dump() + "\n") == 1);
  REQUIRE(proxy().cut(kSourceWatch) == 1);
  const auto watches = [] { return matching(proxy().requests(), "GET", kSourceWatch); };
  eventually("the watch is resumed", [&] { return watches().size() == 2 ? "" : "no"; });
  CHECK(version_of(watches().back()) == version);
  CHECK(lists_of("/namespaces/icr-pull-secrets/secrets").size() == 1);
}

TEST_CASE("a watch that ends in order is resumed without a list") {
  Scene scene;
  auto& op = scene.start();
  expect_working(scene);
  expect_watches();
  proxy().start_over();
  REQUIRE(proxy().cut(kAnyWatch) == 4);
  expect_watches();
  expect_working(scene);
  const auto requests = proxy().requests();
  for (const auto& seen : requests) {
    INFO(seen.method << " " << seen.path);
    CHECK((seen.method != "GET" || seen.is_watch() || asks_version(seen)));
  }
  op.expect_metric("icr_pull_secrets_watch_restarts_total", {{"reason", "closed"}}, 4);
}

TEST_CASE("a watch that breaks is resumed without a list, and nothing that happened is lost") {
  Scene scene;
  auto& op = scene.start();
  const auto [gone, edited] = two_served(scene);
  expect_watches();
  proxy().add({.name = "no watch", .path = kAnyWatch, .action = "drop"});
  proxy().start_over();
  REQUIRE(proxy().cut_abruptly(kAnyWatch) == 4);
  const auto fresh = scene.make_in("eu-de");
  cluster().annotate(gone, {{kRegions, nullptr}});
  cluster().delete_secret(edited, kCopy);
  scene.rotate();
  eventually("it tries again", [&] { return proxy().matched("no watch") > 8 ? "" : "no"; });
  CHECK(cluster().secret(gone).has_value());
  proxy().remove();
  scene.expect_served(fresh, {"de.icr.io"});
  scene.expect_served(edited);
  Scene::expect_bare(gone);
  CHECK(lists_of("").empty());
  CHECK(op.metric("icr_pull_secrets_watch_restarts_total", {{"reason", "broken"}}) >= 4);
}

TEST_CASE("a watch refused with 410 starts over with a list that finds what was missed") {
  Scene scene;
  auto& op = scene.start();
  const auto [leaves, deleted] = two_served(scene);
  expect_watches();
  proxy().add({.name = "no watch", .path = kAnyWatch, .action = "drop"});
  proxy().cut_abruptly(kAnyWatch);
  const auto comes = scene.make_in("eu-de");
  cluster().annotate(leaves, {{kRegions, nullptr}});
  cluster().delete_secret(deleted, kCopy);
  proxy().start_over();
  for (const auto& path : {kNamespaceWatch, kAccountWatch, kCopyWatch, kSourceWatch}) {
    proxy().add({.name = "gone", .path = path, .action = "status", .status = 410, .times = 1});
  }
  proxy().remove("no watch");
  scene.expect_served(comes, {"de.icr.io"});
  scene.expect_served(deleted);
  Scene::expect_bare(leaves);
  expect_watches();
  for (const auto* const path : {"/api/v1/namespaces", "/api/v1/serviceaccounts", "/api/v1/secrets",
                                 "/namespaces/icr-pull-secrets/secrets"}) {
    CHECK(lists_of(path).size() == 1);
  }
  op.expect_metric("icr_pull_secrets_watch_restarts_total", {{"reason", "expired"}}, 4);
}

TEST_CASE("an ERROR event with 410 inside a watch starts over with a list") {
  Scene scene;
  auto& op = scene.start();
  expect_watches();
  proxy().start_over();
  const json error = {{"type", "ERROR"},
                      {"object",
                       {{"kind", "Status"},
                        {"apiVersion", "v1"},
                        {"status", "Failure"},
                        {"message", "too old resource version: 1 (2)"},
                        {"reason", "Expired"},
                        {"code", 410}}}};
  REQUIRE(proxy().inject(kAnyWatch, error.dump() + "\n") == 4);
  eventually("it has listed again",
             [&] { return lists_of("").size() == 4 ? "" : text_of(proxy().requests()); });
  expect_watches();
  expect_working(scene);
  op.expect_metric("icr_pull_secrets_watch_restarts_total", {{"reason", "expired"}}, 4);
}

TEST_CASE("a line that is no event starts over with a list") {
  Scene scene;
  auto& op = scene.start();
  expect_watches();
  proxy().start_over();
  REQUIRE(proxy().inject(kAnyWatch, "<html>surprise</html>\n") == 4);
  eventually("it has listed again",
             [&] { return lists_of("").size() == 4 ? "" : text_of(proxy().requests()); });
  expect_working(scene);
  op.expect_metric("icr_pull_secrets_watch_restarts_total", {{"reason", "garbled"}}, 4);
}

TEST_CASE("half a line at the end of a watch is not acted on, and its event comes again") {
  Scene scene;
  scene.start();
  expect_watches();
  proxy().start_over();
  // Where nobody else's event can come next and make a whole line of it.
  REQUIRE(proxy().inject(kSourceWatch, R"({"type":"DELETED","object":{"metadata":{"name":"x)") ==
          1);
  REQUIRE(proxy().cut_abruptly(kAnyWatch) == 4);
  expect_watches();
  expect_working(scene);
  CHECK(lists_of("").empty());
}

TEST_CASE("a list that is refused or broken is tried again, with growing pauses") {
  Scene scene;
  proxy().add({.name = "refused",
               .method = "GET",
               .path = "limit=",
               .action = "status",
               .status = 500,
               .times = 8});
  proxy().add({.name = "dropped", .method = "GET", .path = "limit=", .action = "drop", .times = 4});
  auto& op = scene.launch();
  op.wait_until_ready();
  expect_working(scene);
  CHECK(proxy().matched("refused") == 8);
}

TEST_CASE("a list asked to wait with 429 and Retry-After is not asked for before") {
  Scene scene;
  proxy().add({.name = "busy",
               .method = "GET",
               .path = "/api/v1/serviceaccounts",
               .action = "status",
               .status = 429,
               .times = 1,
               .headers = {{"Retry-After", "2"}}});
  scene.start();
  const auto lists = lists_of("/api/v1/serviceaccounts");
  REQUIRE(lists.size() == 2);
  CHECK(lists[1].begun - lists[0].done >= 2'000'000);
  CHECK(lists[1].begun - lists[0].done < 4'000'000 * patience());
}

TEST_CASE("without a source's permission it says so and goes on with the rest") {
  Scene scene;
  proxy().add({.name = "forbidden",
               .path = "/namespaces/icr-pull-secrets/secrets",
               .action = "status",
               .status = 403});
  auto& op = scene.launch();
  eventually("it says that a watch is refused", [&] {
    const auto lines = op.log_lines("watch refused, check the operator's RBAC");
    return lines.empty() ? op.log_so_far() : std::string();
  });
  CHECK(op.probe("/readyz") == 503);
  eventually("it is all that is missing", [&] {
    const auto text = op.text("/readyz");
    return text.find("source of default") != std::string::npos ? std::string() : "now: " + text;
  });
  CHECK(op.probe("/livez") == 200);
  proxy().remove();
  op.wait_until_ready();
}

TEST_CASE("a watch that gets no answer is given up after 30 s, and accounts missing by then told") {
  Scene scene;
  // The other three collections are not held up by it.
  proxy().add({.name = "hung", .path = kAccountWatch, .action = "hang", .times = 1});
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");
  const auto patient = scene.make({{kRegions, "us-south"}, {kServiceAccounts, "nobody"}});
  eventually("the copies are there",
             [&] { return cluster().secret(ns) && cluster().secret(patient) ? "" : "no"; });
  CHECK(cluster().pull_secrets(ns, "default").empty());
  eventually("the account is attached", [&] { return scene.served(ns); }, 45s);
  op.expect_metric("icr_pull_secrets_watch_restarts_total",
                   {{"resource", "serviceaccounts"}, {"reason", "silent"}}, 1);

  const std::string message = Scene::expect_event(patient, "ServiceAccountNotFound").at("message");
  CHECK(message.find("names service account \"nobody\", which does not exist here; it is served as "
                     "soon as it is created. Accepted: names and globs of service accounts of this "
                     "namespace, or none.") != std::string::npos);
  cluster().make_account(patient, "nobody");
  scene.expect_served(patient, {"us.icr.io"}, "nobody");
}

TEST_CASE("a watch whose other end is gone without a word goes on where it stopped after a reset") {
  Scene scene;
  auto& op = scene.start();
  const auto [leaves, deleted] = two_served(scene);
  expect_watches();
  REQUIRE(proxy().silence(kAnyWatch) == 4);
  const auto comes = scene.make_in("eu-de");
  cluster().annotate(leaves, {{kRegions, nullptr}});
  cluster().delete_secret(deleted, kCopy);
  scene.rotate();
  // Nobody can know it yet; and it is no reason to be restarted.
  CHECK(op.probe("/livez") == 200);
  CHECK(op.probe("/readyz") == 200);
  proxy().start_over();
  CHECK_FALSE(cluster().secret(comes));
  REQUIRE(proxy().cut_abruptly(kAnyWatch) == 4);
  scene.expect_served(comes, {"de.icr.io"});
  scene.expect_served(deleted);
  Scene::expect_bare(leaves);
  CHECK(lists_of("").empty());
}

TEST_CASE("a watch whose packets are all lost is noticed after a minute") {
  Scene scene;
  auto& op = scene.start();
  const auto leaves = scene.make_in("us-south");
  scene.expect_served(leaves);
  expect_watches();
  const Blackhole blackhole(proxy().port());
  REQUIRE(blackhole.size() >= 4);
  cluster().annotate(leaves, {{kRegions, nullptr}});
  const auto comes = scene.make_in("eu-de");
  const auto took =
      eventually("it is served", [&] { return scene.served(comes, {"de.icr.io"}); }, 90s);
  INFO(took.count() << " ms");
  // The kernel asks after 30 s and gives up after three questions, 10 s each; a watch by itself
  // allows 250 s of silence.
  CHECK(took > 30s);
  CHECK(took < 200s);
  Scene::expect_bare(leaves);
  op.expect_metric("icr_pull_secrets_watch_restarts_total", {{"reason", "silent"}}, 4);
  proxy().cut_abruptly(kAnyWatch);  // it still takes the lost ones for open
}

TEST_CASE("nothing polls: without events there are no requests") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  expect_watches();
  proxy().start_over();
  const auto cpu = op.cpu_seconds();
  constexpr auto kIdle = 20s;
  steadily(
      "no request is made",
      [&] {
        // Namespaces of earlier tests may still come to their end meanwhile, which is news but
        // nothing to act on.
        return text_of(proxy().requests());
      },
      kIdle);
  CHECK(op.cpu_seconds() - cpu < 0.1 * patience());
}

TEST_CASE("an API server that is restarted is worked with again as soon as it is ready") {
  const auto* const how = GENERATE("restart", "kill");
  Scene scene;
  auto& op = scene.start();
  const auto before = scene.make_in("us-south");
  scene.expect_served(before);
  const auto uid = uid_of(*cluster().secret(before));
  proxy().start_over();
  api_server(how);
  if (std::string(how) == "kill") api_server("start");
  const auto ns = scene.make_in("us-south");
  // The controller that makes the account has to come back by itself, too.
  cluster().expect_account(ns);
  const auto took = eventually("it is served", [&] { return scene.served(ns); });
  INFO(how << ": " << took.count() << " ms from readiness and the account to served");
  CHECK(took < 8s * patience());
  scene.rotate();
  scene.expect_served(before);
  CHECK(uid_of(*cluster().secret(before)) == uid);
  CHECK(op.probe("/livez") == 200);
  CHECK(text_of(writes(Scene::requests(before))) == "PATCH icr-default");
}

TEST_CASE("versions that etcd has compacted away lead to a list, and nothing is lost") {
  Scene scene;
  auto& op = scene.start();
  const auto [leaves, edited] = two_served(scene);
  expect_watches();
  proxy().add({.name = "no watch", .path = kAnyWatch, .action = "drop"});
  proxy().cut_abruptly(kAnyWatch);
  const auto comes = scene.make_in("eu-de");
  cluster().annotate(leaves, {{kRegions, nullptr}});
  cluster().delete_secret(edited, kCopy);
  scene.rotate();
  // A server that starts knows only what etcd still has.
  api_server("stop");
  compact_etcd();
  api_server("start");
  proxy().remove();
  scene.expect_served(comes, {"de.icr.io"});
  scene.expect_served(edited);
  Scene::expect_bare(leaves);
  CHECK(op.metric("icr_pull_secrets_watch_restarts_total", {{"reason", "expired"}}) >= 1);
}

}  // namespace watch_test
