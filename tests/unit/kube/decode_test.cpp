#include "kube/pure/decode.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/objects.hpp"

namespace decode_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;

namespace {

Object decoded(const std::string& text) {
  auto object = decode_object(text);
  REQUIRE(object);
  return std::move(*object);
}

}  // namespace

TEST_CASE("a namespace keeps our annotations and drops the rest", "[kube][decode]") {
  const auto ns = decoded(R"({
    "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
    "metadata": {
      "name": "shop", "uid": "8a1", "resourceVersion": "17", "generation": 3,
      "creationTimestamp": "2026-01-01T00:00:00Z",
      "labels": {"kubernetes.io/metadata.name": "shop", "icr-pull-secrets/x": "l",
                 "app.kubernetes.io/managed-by": "flux", "app.kubernetes.io/name": "n"},
      "annotations": {"icr-pull-secrets/regions": "us-south", "other/regions": "eu-de",
                      "icr-pull-secrets": "no slash"},
      "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:metadata": {"f:annotations": {
        "f:icr-pull-secrets/regions": {}}}, "name": "wrong", "uid": "wrong"}}],
      "ownerReferences": [{"name": "wrong", "uid": "wrong", "resourceVersion": "wrong"}]
    }
  })");
  CHECK(ns.name == "shop");
  CHECK(ns.ns.empty());
  CHECK(ns.uid == "8a1");
  CHECK(ns.resource_version == "17");
  CHECK_FALSE(ns.terminating);
  CHECK(ns.annotations ==
        std::map<std::string, std::string>{{"icr-pull-secrets/regions", "us-south"}});
  CHECK(ns.labels == std::map<std::string, std::string>{{"app.kubernetes.io/managed-by", "flux"},
                                                        {"icr-pull-secrets/x", "l"}});
}

TEST_CASE("labels that are asked for are kept too", "[kube][decode]") {
  auto shop = test::object("shop@1");
  shop["metadata"]["labels"] = {
      {"team", "b"}, {"env", "prod"}, {"icr-pull-secrets/x", "l"}, {"te", "a"}, {"team-", "c"}};
  const std::map<std::string, std::string> kept{{"team", "b"}, {"icr-pull-secrets/x", "l"}};
  const Keep keep{{"team", "absent"}};
  const auto event = decode_event(test::event("ADDED", shop), keep);
  REQUIRE(event);
  CHECK(event->object.labels == kept);
  std::vector<Object> items;
  REQUIRE(decode_list(
      test::page({shop}, "2"), [&](Object&& o) { items.push_back(std::move(o)); }, keep));
  CHECK(items.at(0).labels == kept);
  CHECK(decoded(shop.dump()).labels.size() == 1);
}

TEST_CASE("a service account keeps the order of its pull secrets", "[kube][decode]") {
  const auto account = decoded(R"({
    "metadata": {"name": "default", "namespace": "shop", "resourceVersion": "9"},
    "secrets": [{"name": "token"}],
    "imagePullSecrets": [{"name": "b"}, {"name": "a"}, {"name": "b"}],
    "automountServiceAccountToken": false
  })");
  CHECK(account.name == "default");
  CHECK(account.ns == "shop");
  CHECK(account.image_pull_secrets == std::vector<std::string>{"b", "a", "b"});
}

TEST_CASE("an entry without a name keeps its place in the list of pull secrets", "[kube][decode]") {
  // Positions in a patch count every entry, also one that names nothing.
  const auto account = decoded(R"({
    "metadata": {"name": "default", "namespace": "shop", "resourceVersion": "9"},
    "imagePullSecrets": [{}, {"name": "icr-default"}, {"name": ""}, {"x": "y"}]
  })");
  CHECK(account.image_pull_secrets == std::vector<std::string>{"", "icr-default", "", ""});
}

TEST_CASE("a pod keeps what its pulls depend on", "[kube][decode]") {
  const auto pod = decoded(R"({
    "metadata": {"name": "web", "namespace": "shop", "uid": "8a1", "resourceVersion": "9",
                 "annotations": {"kubernetes.io/config.mirror": "h", "other": "x"},
                 "ownerReferences": [{"kind": "Some", "controller": false, "name": "wrong"},
                                     {"kind": "ReplicaSet", "name": "wrong", "controller": true}]},
    "spec": {
      "initContainers": [{"name": "first", "image": "de.icr.io/a/init", "env": [{"name": "x"}]}],
      "containers": [{"image": "us.icr.io/a/web:1", "name": "web", "image.": "x"},
                     {"name": "side", "image": "quay.io/a/side",
                      "volumeMounts": [{"name": "wrong"}]}],
      "serviceAccountName": "builder", "serviceAccount": "wrong",
      "imagePullSecrets": [{"name": "b"}, {"name": "a"}],
      "volumes": [{"name": "wrong", "secret": {"secretName": "wrong"}}]},
    "status": {
      "phase": "Pending", "reason": "wrong", "message": "wrong",
      "conditions": [{"type": "Ready", "status": "False", "reason": "wrong"}],
      "containerStatuses": [
        {"name": "side", "state": {"running": {"startedAt": "x"}},
         "lastState": {"waiting": {"reason": "wrong"}}, "image": "wrong"},
        {"state": {"waiting": {"message": "wrong", "reason": "ErrImagePull"}}, "name": "web"}],
      "initContainerStatuses": [{"name": "first", "state": {"terminated": {"reason": "Error"}}},
                                {"name": "absent", "state": {"waiting": {"reason": "wrong"}}}]}
  })");
  CHECK(pod.name == "web");
  CHECK(pod.uid == "8a1");
  CHECK(pod.service_account == "builder");
  CHECK(pod.phase == "Pending");
  CHECK(pod.controlled);
  CHECK(pod.mirror);
  CHECK(pod.image_pull_secrets == std::vector<std::string>{"b", "a"});
  CHECK(pod.annotations.empty());
  CHECK((pod.type.empty() && pod.data.empty()));
  std::vector<std::string> containers;
  for (const auto& each : pod.containers) {
    containers.push_back(each.name + " " + each.image + " " + each.waiting);
  }
  CHECK(containers == std::vector<std::string>{"first de.icr.io/a/init ",
                                               "web us.icr.io/a/web:1 ErrImagePull",
                                               "side quay.io/a/side "});
}

TEST_CASE("a list of pull secrets that is longer than anybody needs is not kept",
          "[kube][decode]") {
  const auto account = [](std::size_t count, const std::string& name) {
    nlohmann::json body{{"metadata", {{"name", "default"}, {"resourceVersion", "9"}}}};
    auto& list = body["imagePullSecrets"] = nlohmann::json::array();
    for (std::size_t i = 0; i < count; ++i) list.push_back({{"name", name}});
    return body;
  };
  CHECK(decoded(account(kMostPullSecrets, "a").dump()).image_pull_secrets.size() ==
        kMostPullSecrets);
  for (const auto& body : {account(kMostPullSecrets + 1, "a"), account(100'000, "icr-default"),
                           account(1, std::string(kMostPullSecretBytes + 1, 'a'))}) {
    const auto unwieldy = decoded(body.dump());
    CHECK(unwieldy.unwieldy);
    CHECK(unwieldy.image_pull_secrets.capacity() == 0);
  }
  // The next one of a list is judged by itself.
  std::vector<Object> items;
  const auto page =
      test::page({account(kMostPullSecrets + 1, "a"), account(2, std::string(9000, 'a')),
                  account(1, std::string(9000, 'a'))},
                 "2");
  REQUIRE(decode_list(page, [&](Object&& object) { items.push_back(std::move(object)); }));
  CHECK(items.at(0).unwieldy);
  CHECK(items.at(1).unwieldy);
  CHECK_FALSE(items.at(2).unwieldy);
  CHECK(items.at(2).image_pull_secrets.size() == 1);
}

TEST_CASE("of a list that is too long those are kept that somebody asks for, with their places",
          "[kube][decode]") {
  nlohmann::json body{{"metadata", {{"name", "default"}, {"resourceVersion", "9"}}}};
  auto& list = body["imagePullSecrets"] = nlohmann::json::array();
  const auto add = [&](std::size_t count, const std::string& name) {
    for (std::size_t i = 0; i < count; ++i) list.push_back({{"name", name}});
  };
  Keep keep;
  keep.pull_secrets = {"icr-default", "icr-team"};
  const auto seen = [&] {
    auto object = decode_object(body.dump(), keep);
    REQUIRE(object);
    return *object;
  };
  add(1, "icr-team");
  add(100, "a");
  CHECK_FALSE(seen().unwieldy);
  CHECK(seen().pull_secret_positions.empty());
  SECTION("by number") {
    add(50, "b");
    add(1, "icr-default");
    CHECK(seen().unwieldy);
    CHECK(seen().image_pull_secrets == std::vector<std::string>{"icr-team", "icr-default"});
    CHECK(seen().pull_secret_positions == std::vector<std::size_t>{0, 151});
  }
  SECTION("by length") {
    add(1, std::string(kMostPullSecretBytes, 'c'));
    add(1, "icr-default");
    CHECK(seen().image_pull_secrets == std::vector<std::string>{"icr-team", "icr-default"});
    CHECK(seen().pull_secret_positions == std::vector<std::size_t>{0, 102});
  }
  SECTION("not more of them than of a list that is not too long") {
    add(10'000, "icr-default");
    CHECK(seen().image_pull_secrets.size() == kMostPullSecrets);
  }
}

TEST_CASE("a secret keeps type, data and immutable", "[kube][decode]") {
  const auto secret = decoded(R"({
    "metadata": {"name": "icr-default", "namespace": "shop", "resourceVersion": "9",
                 "deletionTimestamp": "2026-01-01T00:00:00Z"},
    "type": "kubernetes.io/dockerconfigjson", "immutable": true,
    "data": {".dockerconfigjson": "e30=", "extra": ""}
  })");
  CHECK(secret.type == "kubernetes.io/dockerconfigjson");
  CHECK(secret.immutable);
  CHECK(secret.terminating);
  REQUIRE(secret.data.size() == 2);
  CHECK(secret.data[0].first == ".dockerconfigjson");
  CHECK(secret.data[0].second.reveal() == "e30=");
  CHECK(secret.data[1].first == "extra");
  CHECK(secret.data[1].second.empty());
}

TEST_CASE("a list gives its items in order and its own version", "[kube][decode]") {
  std::vector<std::string> items;
  const auto meta = decode_list(
      test::page({test::object("shop/b@5"), test::object("shop/a@6")}, "40", "next page"),
      [&](Object&& o) { items.push_back(o.name + o.resource_version); });
  REQUIRE(meta);
  CHECK(items == std::vector<std::string>{"b5", "a6"});
  CHECK(meta->resource_version == "40");
  CHECK(meta->continue_token == "next page");
}

TEST_CASE("one item of a list leaves nothing behind for the next", "[kube][decode]") {
  auto rich = test::secret("shop/a@1", {{"k", "v"}});
  rich["immutable"] = true;
  rich["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  rich["metadata"]["annotations"] = {{"icr-pull-secrets/hosts", "x"}};
  rich["imagePullSecrets"] = {{{"name", "s"}}};
  rich.merge_patch(test::stuck_pod("shop/a@1"));
  std::vector<Object> items;
  REQUIRE(decode_list(test::page({rich, test::Json{{"metadata", {{"name", "b"}}}}}, "2"),
                      [&](Object&& o) { items.push_back(std::move(o)); }));
  REQUIRE(items.size() == 2);
  CHECK(items[0].immutable);
  const auto& bare = items[1];
  CHECK(bare.name == "b");
  CHECK((bare.ns + bare.uid + bare.resource_version + bare.type).empty());
  CHECK_FALSE(bare.immutable);
  CHECK_FALSE(bare.terminating);
  CHECK(bare.annotations.empty());
  CHECK(bare.data.empty());
  CHECK(bare.image_pull_secrets.empty());
  CHECK(items[0].containers.at(0).waiting == "ImagePullBackOff");
  CHECK(bare.containers.empty());
  CHECK((bare.phase + bare.service_account).empty());
  CHECK_FALSE(bare.controlled);
}

TEST_CASE("each type of watch event", "[kube][decode]") {
  using Type = WatchEvent::Type;
  for (const auto& [text, type] :
       std::vector<std::pair<std::string, Type>>{{"ADDED", Type::kAdded},
                                                 {"MODIFIED", Type::kModified},
                                                 {"DELETED", Type::kDeleted},
                                                 {"BOOKMARK", Type::kBookmark}}) {
    DYNAMIC_SECTION(text) {
      const auto got = decode_event(test::event(text, test::object("shop@3")));
      REQUIRE(got);
      CHECK(got->type == type);
      CHECK(got->object.name == "shop");
      CHECK(got->object.resource_version == "3");
    }
  }
}

TEST_CASE("the object of an event may come before its type", "[kube][decode]") {
  const auto got = decode_event(
      R"({"object":{"type":"Opaque","metadata":{"resourceVersion":"3","name":"a"}},"type":"ADDED"})");
  REQUIRE(got);
  CHECK(got->type == WatchEvent::Type::kAdded);
  CHECK(got->object.type == "Opaque");
}

TEST_CASE("an ERROR event carries a status", "[kube][decode]") {
  const auto got = decode_event(test::event(
      "ERROR", test::status(429, "TooManyRequests", "slow down", {{"retryAfterSeconds", 7}})));
  REQUIRE(got);
  CHECK(got->type == WatchEvent::Type::kError);
  CHECK(got->status.code == 429);
  CHECK(got->status.reason == "TooManyRequests");
  CHECK(got->status.message == "slow down");
  CHECK(got->status.retry_after == 7s);
}

TEST_CASE("a status has its causes", "[kube][decode]") {
  const auto status =
      decode_status(test::status(403, "Forbidden", "secrets is forbidden",
                                 {{"name", "icr-default"},
                                  {"causes",
                                   {{{"reason", "NamespaceTerminating"}, {"message", "m"}},
                                    {{"reason", "Other"}, {"field", "f"}}}}})
                        .dump());
  CHECK(status.code == 403);
  CHECK(status.reason == "Forbidden");
  CHECK(status.message == "secrets is forbidden");
  CHECK(status.causes == std::vector<std::string>{"NamespaceTerminating", "Other"});
  CHECK_FALSE(status.retry_after);
}

}  // namespace decode_test
