// The table tests/agreement/cases.json, from the operator's side: what its plan attaches to service
// accounts. tests/integration/admission_test.cpp holds the chart's admission policy against it.
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "config/config.hpp"
#include "config/rules.hpp"
#include "unit/support/facts.hpp"

namespace agreement_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

json read_file(const std::string& path) {
  std::ifstream file(ICRPS_ROOT "/" + path);
  return json::parse(file);
}

config::Config parse(json text) {
  text["apiVersion"] = "icr-pull-secrets/v1alpha1";
  text["kind"] = "OperatorConfiguration";
  auto config = config::parse_config(text.dump(), "cases.json");
  if (!config) FAIL(config.error().message);
  return std::move(*config);
}

/// A namespace with one account, and a value for each credential.
Facts facts_of(const json& one, const config::Config& config) {
  Facts facts;
  facts.ns.name = one.value("namespace", "agreement-1");
  facts.ns.labels = one.value("labels", Labels{});
  for (const auto& credential : config.credentials) {
    facts.credentials.push_back({credential.name, material("key", credential.name), std::nullopt});
    facts.credentials.back().secret = credential.secret_name;
    limit(facts.credentials.back(), credential.limits);
  }
  facts.accounts.emplace_back(one.value("account", "default"),
                              account_facts(one.value("own", Words{})));
  facts.accounts.back().second.attached.clear();  // whoever wrote the list, it was somebody else
  return facts;
}

/// Brings these annotations into force.
void act(Facts& facts, const Rules& rules, const Annotations& annotations) {
  facts.ns.annotations.clear();
  for (const auto& [name, value] : annotations) annotate(facts, name, value);
  perform(facts, make_plan(facts, rules));
  CHECK(make_plan(facts, rules).actions.empty());
}

Words attached(const json& one, const config::Config& config) {
  const auto rules = config::rules_of(config, "icr-pull-secrets");
  auto facts = facts_of(one, config);
  if (one.contains("before")) act(facts, rules, one["before"].get<Annotations>());
  act(facts, rules, one["annotations"].get<Annotations>());
  return facts.accounts[0].second.pull_secrets;
}

}  // namespace

TEST_CASE("the operator attaches what the table of agreement says", "[plan][agreement]") {
  const auto table = read_file("tests/agreement/cases.json");
  for (const auto& one : table["cases"]) {
    const auto& configuration = table["configurations"][one["configuration"].get<std::string>()];
    DYNAMIC_SECTION(one["name"].get<std::string>()) {
      const auto expected = one.contains("plan") ? one["plan"] : one["references"];
      CHECK(attached(one, parse(configuration)) == expected.get<Words>());
    }
  }
}

TEST_CASE("the chart knows the operator's regions and the system's namespaces",
          "[plan][agreement]") {
  const auto known = read_file("charts/icr-pull-secrets/files/built-in.json");
  const auto table = icr::RegionTable::builtin();
  json regions = json::object();
  for (const auto& [id, region] : table.regions()) {
    auto& entry = regions[id];
    entry["host"] = region.host;
    if (!region.aliases.empty()) entry["aliases"] = region.aliases;
    if (!region.legacy_host.empty()) entry["legacyHost"] = region.legacy_host;
  }
  CHECK(known["regions"] == regions);
  CHECK(known["exclude"] == system_namespaces());
}

}  // namespace agreement_test
