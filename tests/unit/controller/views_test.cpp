#include "controller/views.hpp"

#include <catch2/catch.hpp>

#include "kube/pure/decode.hpp"
#include "unit/support/facts.hpp"
#include "unit/support/fake_clock.hpp"
#include "unit/support/objects.hpp"

namespace views_test {

using namespace icrps;
using namespace icrps::controller;
using test::Json;

namespace {

plan::CopyFacts seen(const Json& secret) {
  return copy_facts(std::move(*kube::decode_object(secret.dump())), "ops");
}

}  // namespace

TEST_CASE("a copy that was just written is up to date", "[controller][views]") {
  const auto value = test::material();
  const auto content = value->content({"us.icr.io"});
  const auto copy = seen(test::own_copy("shop/icr-default@7", *content));
  CHECK(copy.ours);
  CHECK(copy.right_type);
  CHECK(copy.resource_version == "7");
  CHECK(copy.uid == "uid-of-icr-default");
  CHECK(copy.content_hash == content->hash);
  CHECK(copy.hash_annotation == content->hash);
  CHECK(copy.revision == content->revision);
  CHECK(copy.hosts == "us.icr.io");
  CHECK(copy.credential_label == "default");
  CHECK(copy.extra_keys.empty());
}

TEST_CASE("a copy that says when it expires", "[controller][views]") {
  const std::chrono::system_clock::time_point soon(std::chrono::seconds(1'795'414'844));
  const auto content = test::material("key-1", "default", soon)->content({"us.icr.io"});
  CHECK(seen(test::own_copy("shop/icr-default@7", *content)).expires_at == test::kFakeNow);
  const auto lasting = test::material()->content({"us.icr.io"});
  CHECK(seen(test::own_copy("shop/icr-default@7", *lasting)).expires_at.empty());
}

TEST_CASE("a copy is ours by its label, and by nothing else", "[controller][views]") {
  const auto content = test::material()->content({"us.icr.io"});
  auto secret = test::own_copy("shop/icr-default@7", *content);
  auto& labels = secret["metadata"]["labels"];
  SECTION("with it") {
    CHECK(seen(secret).ours);
  }
  SECTION("without") {
    labels.erase("app.kubernetes.io/managed-by");
    CHECK_FALSE(seen(secret).ours);
  }
  SECTION("with somebody else's") {
    labels["app.kubernetes.io/managed-by"] = "Helm";
    CHECK_FALSE(seen(secret).ours);
  }
  SECTION("with one that is like it") {
    labels["app.kubernetes.io/managed-by"] = "ICR-pull-secrets";
    CHECK_FALSE(seen(secret).ours);
  }
  SECTION("with our annotations on no labels at all") {
    secret["metadata"].erase("labels");
    CHECK_FALSE(seen(secret).ours);
  }
}

TEST_CASE("a mark tells whose a copy is that carries our label", "[controller][views]") {
  struct Case {
    const char* name;
    Json installation;
    Json made_for;
    bool ours;
    std::string other_installation;
    std::string other_namespace;
  };
  for (const auto& [name, installation, made_for, ours, other_installation, other_namespace] :
       std::vector<Case>{
           {"ours", "ops/1", "shop/2", true, "", ""},
           {"from before there were marks", nullptr, nullptr, true, "", ""},
           {"our namespace was made anew", "ops/9", "shop/2", true, "", ""},
           {"the namespace was made anew", "ops/1", "shop/9", true, "", ""},
           {"without a UID", "ops", "shop", true, "", ""},
           {"another installation", "prod/1", "shop/2", false, "prod", ""},
           {"one whose name begins like ours", "ops-2/1", "shop/2", false, "ops-2", ""},
           {"a copy of a copy", "ops/1", "blog/2", false, "", "blog"},
           {"a copy of a copy of another installation", "prod/1", "blog/2", false, "prod", ""}}) {
    DYNAMIC_SECTION(name) {
      auto secret = test::own_copy("shop/icr-default@7", *test::material()->content({"us.icr.io"}));
      secret["metadata"]["annotations"]["icr-pull-secrets/installation"] = installation;
      secret["metadata"]["annotations"]["icr-pull-secrets/made-for"] = made_for;
      const auto copy = seen(secret);
      CHECK(copy.ours == ours);
      CHECK(copy.other_installation == other_installation);
      CHECK(copy.other_namespace == other_namespace);
      CHECK(copy.mark.empty() == installation.is_null());
      secret["metadata"]["labels"].erase("app.kubernetes.io/managed-by");
      CHECK_FALSE(seen(secret).ours);
    }
  }
}

TEST_CASE("a Secret counts as adopted from us when that is what it says", "[controller][views]") {
  const auto adopted = [](const std::string& installation, const std::string& from) {
    auto secret = test::own_copy("shop/icr-default@7", *test::material()->content({"us.icr.io"}));
    auto& notes = secret["metadata"]["annotations"];
    notes["icr-pull-secrets/installation"] = installation;
    notes["icr-pull-secrets/adopted-at"] = test::kFakeNow;
    notes["icr-pull-secrets/adopted-from"] = from;
    return seen(secret).adopted;
  };
  CHECK(adopted("prod/1", "installation in namespace ops"));
  CHECK_FALSE(adopted("prod/1", "managed-by Helm"));
  CHECK_FALSE(adopted("prod/1", "installation in namespace old"));
}

TEST_CASE("any edit of the data shows", "[controller][views]") {
  const auto content = test::material()->content({"us.icr.io"});
  auto secret = test::own_copy("shop/icr-default@7", *content);
  SECTION("another value") {
    secret["data"][".dockerconfigjson"] = "e30=";
  }
  SECTION("a key more") {
    secret["data"]["added"] = "eA==";
    CHECK(seen(secret).extra_keys == std::vector<std::string>{"added"});
  }
  SECTION("an empty key more") {
    secret["data"]["added"] = "";
    CHECK(seen(secret).extra_keys == std::vector<std::string>{"added"});
  }
  SECTION("no data") {
    secret.erase("data");
  }
  CHECK(seen(secret).content_hash != content->hash);
}

TEST_CASE("type, immutable and deletion show", "[controller][views]") {
  auto secret = test::secret("shop/icr-default@7");
  secret["immutable"] = true;
  secret["metadata"]["deletionTimestamp"] = test::kFakeNow;
  const auto copy = seen(secret);
  CHECK_FALSE(copy.right_type);
  CHECK(copy.immutable);
  CHECK(copy.terminating);
}

TEST_CASE("namespaces and accounts", "[controller][views]") {
  auto object = test::namespace_object("shop@3", {{"icr-pull-secrets/regions", "us-south"}});
  object["metadata"]["deletionTimestamp"] = test::kFakeNow;
  object["metadata"]["labels"] = {{"icr-pull-secrets/team", "b"}, {"other", "x"}};
  const auto ns = namespace_facts(std::move(*kube::decode_object(object.dump())));
  CHECK(ns.name == "shop");
  CHECK(ns.uid == "uid-of-shop");
  CHECK(ns.resource_version == "3");
  CHECK(ns.terminating);
  CHECK(ns.annotations.at("icr-pull-secrets/regions") == "us-south");
  CHECK(ns.labels == plan::Labels{{"icr-pull-secrets/team", "b"}});

  const auto account = account_facts(
      std::move(*kube::decode_object(test::account("shop/default@4", {"b", "a"}).dump())));
  CHECK(account.resource_version == "4");
  CHECK_FALSE(account.terminating);
  CHECK(account.pull_secrets == std::vector<std::string>{"b", "a"});
}

TEST_CASE("what somebody writes into a copy is remembered up to a bound", "[controller][views]") {
  auto secret = test::own_copy("shop/icr-default@7", *test::material()->content({"us.icr.io"}));
  auto& notes = secret["metadata"]["annotations"];
  for (const auto* name : {"hosts", "revision", "content-hash", "expires-at", "mine"}) {
    notes["icr-pull-secrets/" + std::string(name)] = std::string(250'000, 'x');
  }
  notes["icr-pull-secrets/installation"] = std::string(250'000, 'x');
  for (int i = 0; i < 1000; ++i) secret["data"]["key-" + std::to_string(i)] = "";
  const auto copy = seen(secret);
  CHECK(copy.hosts.size() == plan::kLongestHosts);
  for (const auto* text : {&copy.revision, &copy.hash_annotation, &copy.expires_at}) {
    CHECK(text->size() <= 64);
    CHECK(text->capacity() <= 128);
  }
  CHECK(copy.extra_keys.size() == plan::kMostExtraKeys);
  CHECK(copy.more_keys);
  CHECK(copy.other_installation.size() <= 128);
  CHECK(copy.other_installation.capacity() <= 256);
}

TEST_CASE("of a namespace the annotations are kept that mean something", "[controller][views]") {
  auto ns = test::object("shop@3");
  ns["metadata"]["annotations"] = {{"icr-pull-secrets/regions", "us-south"},
                                   {"icr-pull-secrets/credentials", std::string(200'000, 'a')},
                                   {"icr-pull-secrets/region", "us-south"},
                                   {"icr-pull-secrets/more", std::string(50'000, 'b')}};
  const auto facts = namespace_facts(std::move(*kube::decode_object(ns.dump())));
  CHECK(facts.annotations == plan::Annotations{{"icr-pull-secrets/regions", "us-south"},
                                               {"icr-pull-secrets/credentials",
                                                std::string(plan::kLongestAnnotation + 1, 'a')},
                                               {"icr-pull-secrets/region", ""},
                                               {"icr-pull-secrets/more", ""}});
  CHECK(facts.annotations.at("icr-pull-secrets/credentials").capacity() < 10'000);
}

TEST_CASE("there is room for 10,000 service accounts in a namespace", "[controller][views]") {
  const plan::AccountFacts ordinary{std::string(36, 'u'), "123456", false, {"icr-default"}};
  CHECK(10'000 * account_weight("account-12345", ordinary) < kMostAccountBytes);
  const plan::AccountFacts giant{std::string(36, 'u'), "123456", false,
                                 std::vector<std::string>(128, std::string(120, 'x'))};
  CHECK(account_weight("a", giant) > 128 * 120);
}

}  // namespace views_test
