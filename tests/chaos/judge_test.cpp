// A judge that sees nothing would let everything pass.
#include "judge.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"

namespace judge_test {

using namespace chaos;
using icrps::icr::base64_encode;

namespace {

constexpr auto kKey = "the-key";
constexpr auto kNow = "2026-11-23T06:00:00Z";

json copy_with(const std::string& name, const std::string& host, const std::string& user,
               const std::string& password) {
  const json config = {{"auths",
                        {{host,
                          {{"username", user},
                           {"password", password},
                           {"auth", base64_encode(user + ":" + password)}}}}}};
  json secret = {{"metadata", {{"namespace", "shop"}, {"name", name}}},
                 {"type", "kubernetes.io/dockerconfigjson"},
                 {"data", {{".dockerconfigjson", base64_encode(config.dump())}}}};
  if (name != "icr-default") {
    secret["metadata"]["annotations"] = {{"icr-pull-secrets/expires-at", "2026-11-23T07:00:00Z"}};
  }
  return secret;
}

/// One namespace that is served as it should be.
struct Shop {
  json ns = {{"metadata",
              {{"name", "shop"}, {"annotations", {{"icr-pull-secrets/regions", "us-south"}}}}}};
  json account = {{"metadata", {{"namespace", "shop"}, {"name", "default"}}},
                  {"imagePullSecrets", {{{"name", "icr-default"}}}}};
  json secrets = json::array({copy_with("icr-default", "us.icr.io", "iamapikey", kKey)});

  [[nodiscard]] std::string wrong() const {
    const Picture picture{
        {{"items", {ns}}}, {{"items", secrets}}, {{"items", json::array({account})}}};
    const auto found = wrong_in(picture, {kKey, kNow});
    return found.empty() ? std::string() : found.front();
  }
};

itest::Seen write(long begun, const std::string& path, const std::string& body = {}) {
  itest::Seen seen;
  seen.begun = begun;
  seen.done = begun + 1;
  seen.method = "PUT";
  seen.path = path;
  seen.body = body;
  seen.status = 200;
  seen.forwarded = true;
  return seen;
}

itest::Seen lease(long begun, const std::string& holder = "me") {
  return write(begun, "/namespaces/x/leases/y",
               fmt::format(R"({{"spec":{{"holderIdentity":"{}"}}}})", holder));
}

itest::Seen copy(long begun) {
  return write(begun, "/namespaces/shop/secrets/icr-default");
}

std::size_t faults(const itest::Requests& first, const itest::Requests& second) {
  Leaders leaders(2, std::chrono::microseconds(5));
  leaders.look_at({first, second});
  return leaders.wrong().size();
}

}  // namespace

TEST_CASE("the judge has nothing to say about what is right", "[judge]") {
  Shop shop;
  CHECK(shop.wrong() == "");
  shop.ns["metadata"]["annotations"]["icr-pull-secrets/credentials"] = "default,tokens";
  shop.secrets.push_back(copy_with("icr-tokens", "us.icr.io", "iambearer", "a.b.c"));
  shop.account["imagePullSecrets"].push_back({{"name", "icr-tokens"}});
  CHECK(shop.wrong() == "");
  shop.account["imagePullSecrets"].push_back({{"name", "mine"}});
  shop.account["metadata"]["annotations"][kOthers] = "mine";
  CHECK(shop.wrong() == "");
}

TEST_CASE("the judge sees each thing that is wrong", "[judge]") {
  struct Case {
    std::string name;
    std::function<void(Shop&)> change;
    std::string said;
  };
  const std::string annotations = "/metadata/annotations/icr-pull-secrets~1";
  const auto annotate = [&](const std::string& name, const std::string& value) {
    return [=](Shop& shop) { shop.ns[json::json_pointer(annotations + name)] = value; };
  };
  const std::vector<Case> table{
      {"no copy", [](Shop& shop) { shop.secrets = json::array(); }, "has no icr-default"},
      {"opted out", [](Shop& shop) { shop.ns["metadata"].erase("annotations"); },
       "has icr-default, which it does not ask for"},
      {"opted out, reference left",
       [](Shop& shop) {
         shop.ns["metadata"].erase("annotations");
         shop.secrets = json::array();
       },
       "has account default with [icr-default], not []"},
      {"other region", annotate("regions", "eu-de"), "for [us.icr.io], not [de.icr.io]"},
      {"other endpoints", annotate("endpoints", "private"), "not [private.us.icr.io]"},
      {"other credential", annotate("credentials", "tokens"), "has no icr-tokens"},
      {"other account", annotate("service-accounts", "builder"),
       "has account default with [icr-default], not []"},
      {"old key",
       [](Shop& shop) {
         shop.secrets[0] = copy_with("icr-default", "us.icr.io", "iamapikey", "old");
       },
       "has another login"},
      {"edited", [](Shop& shop) { shop.secrets[0]["data"] = {{".dockerconfigjson", "e30="}}; },
       "has an unusable icr-default"},
      {"no reference", [](Shop& shop) { shop.account.erase("imagePullSecrets"); },
       "has account default with [], not [icr-default]"},
      {"twice",
       [](Shop& shop) { shop.account["imagePullSecrets"].push_back({{"name", "icr-default"}}); },
       "with [icr-default,icr-default]"},
      {"lost entry of others",
       [](Shop& shop) { shop.account["metadata"]["annotations"][kOthers] = "mine"; },
       "with [] of others, not [mine]"},
      {"expired",
       [](Shop& shop) {
         shop.ns["metadata"]["annotations"]["icr-pull-secrets/credentials"] = "tokens";
         shop.account["imagePullSecrets"] = {{{"name", "icr-tokens"}}};
         shop.secrets = {copy_with("icr-tokens", "us.icr.io", "iambearer", "a.b.c")};
         shop.secrets[0]["metadata"]["annotations"]["icr-pull-secrets/expires-at"] =
             "2026-11-23T05:59:59Z";
       },
       "that expired at"},
  };
  for (const auto& row : table) {
    INFO(row.name);
    Shop shop;
    row.change(shop);
    CHECK_THAT(shop.wrong(), Catch::Contains(row.said));
  }
}

TEST_CASE("the judge sees writes of who does not lead", "[judge]") {
  CHECK(faults({lease(10), copy(20)}, {}) == 0);
  CHECK(faults({copy(20)}, {}) == 1);                                 // never led
  CHECK(faults({lease(10), copy(39)}, {lease(40), copy(50)}) == 0);   // one after the other
  CHECK(faults({lease(10), copy(60)}, {lease(40)}) == 1);             // too late
  CHECK(faults({lease(10), copy(44)}, {lease(40)}) == 0);             // was on its way
  CHECK(faults({lease(10), copy(90), lease(80)}, {lease(40)}) == 0);  // leads again
  CHECK(faults({lease(10), lease(30, ""), copy(50)}, {}) == 1);       // gave it back
  auto refused = lease(40);
  refused.status = 409;
  CHECK(faults({lease(10), copy(60)}, {refused}) == 0);
}

}  // namespace judge_test
