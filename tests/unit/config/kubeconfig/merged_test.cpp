// Several kubeconfig files as one. The expectations are those of client-go's own loader.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "config/kubeconfig.hpp"
#include "unit/config/scratch.hpp"

namespace merged_test {

using namespace icrps;
using namespace icrps::config;
using Catch::Matchers::Contains;

namespace {

const std::string kHome = R"(
current-context: home
clusters: [{name: c, cluster: {server: 'https://home', certificate-authority: ca.crt}}]
contexts: [{name: home, context: {cluster: c, user: u, namespace: shop}}]
users: [{name: u, user: {tokenFile: token}}]
)";
const std::string kWork = R"(
current-context: work
clusters:
- {name: c, cluster: {server: 'https://work'}}
- {name: d, cluster: {server: 'https://other', certificate-authority: ../ca.crt}}
contexts:
- {name: home, context: {cluster: d, user: u}}
- {name: work, context: {cluster: d, user: v}}
users:
- {name: u, user: {token: never}}
- {name: v, user: {tokenFile: token}}
)";

Cluster merged(const std::vector<KubeconfigText>& texts, std::string_view context = {}) {
  const auto cluster = parse_kubeconfigs(texts, context);
  if (!cluster) FAIL(cluster.error().message);
  return *cluster;
}

std::string refusal(const std::vector<KubeconfigText>& texts, std::string_view context = {}) {
  const auto cluster = parse_kubeconfigs(texts, context);
  return cluster ? "" : cluster.error().message;
}

}  // namespace

TEST_CASE("the first file that has a name wins, and files keep their folders",
          "[config][kubeconfig]") {
  const auto here = merged({{"/home/config", kHome}, {"/office/kube/config", kWork}});
  CHECK(here.server == "https://home");
  CHECK(here.ca.file == "/home/ca.crt");
  CHECK(here.token_file == "/home/token");
  CHECK(here.ns == "shop");

  const auto there = merged({{"/office/kube/config", kWork}, {"/home/config", kHome}});
  CHECK(there.server == "https://other");
  CHECK(there.ca.file == "/office/ca.crt");
  CHECK(there.token_file == "/office/kube/token");
  CHECK(there.ns.empty());
}

TEST_CASE("a context may put entries of several files together", "[config][kubeconfig]") {
  const std::string chosen = "current-context: work\n";
  const auto cluster = merged({{"/a", chosen}, {"/home/config", kHome}, {"/w/k/config", kWork}});
  CHECK(cluster.server == "https://other");
  CHECK(cluster.ca.file == "/w/ca.crt");
  CHECK(cluster.token_file == "/w/k/token");
}

TEST_CASE("--context chooses another one than the current", "[config][kubeconfig]") {
  CHECK(merged({{"/w/k/config", kWork}}, "home").token.reveal() == "never");
  CHECK(merged({{"/home/config", kHome}, {"/w/k/config", kWork}}, "work").server ==
        "https://other");
  CHECK(refusal({{"/home/config", kHome}}, "prod") ==
        "/home/config:2: there is no context called \"prod\"; accepted: \"home\"");
  CHECK(refusal({{"/home/config", kHome}, {"/w/k/config", kWork}}, "prod") ==
        "/home/config:2: there is no context called \"prod\" here or in the other files of "
        "KUBECONFIG; accepted: \"home\", \"home\", \"work\"");
}

TEST_CASE("an empty file beside others is nothing", "[config][kubeconfig]") {
  CHECK(merged({{"/empty", ""}, {"/home/config", kHome}}).server == "https://home");
  CHECK(refusal({{"/empty", ""}, {"/more", "# nothing\n"}}) ==
        "/empty: has no current-context; accepted: --context NAME, or a file where `kubectl "
        "config use-context` has chosen one");
}

TEST_CASE("a mistake is told with the file that it is in", "[config][kubeconfig]") {
  CHECK_THAT(refusal({{"/home/config", kHome}, {"/bad", "kind: Pod\n"}}),
             Contains("/bad:1: kind is \"Pod\", so this is not a kubeconfig"));
  CHECK_THAT(refusal({{"/home/config", kHome}, {"/bad", "a: [\n"}}), Contains("/bad:"));
  CHECK_THAT(refusal({{"/home/config", "current-context: work\n"}, {"/bad", R"(
contexts: [{name: work, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "ftp://h"}}]
)"}}),
             Contains("/bad:3: clusters[0].cluster.server"));
}

TEST_CASE("of several files those that don't exist are passed over", "[config][kubeconfig]") {
  const Scratch scratch;
  const auto file = scratch.file("config", kHome);
  const auto none = scratch.path() + "/none";
  CHECK(load_kubeconfigs({none, file})->server == "https://home");
  CHECK(load_kubeconfigs({none, none + "2"}).error().message ==
        "KUBECONFIG: none of its files exists: " + none + ", " + none + "2");
  CHECK_FALSE(load_kubeconfigs({file, scratch.path()}));  // a folder is no file
}

}  // namespace merged_test
