#include "plan/limits.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace limits_test {

using namespace icrps;
using namespace icrps::plan;
using Operator = LabelRequirement::Operator;

TEST_CASE("a label selector means what it means in Kubernetes", "[plan][limits]") {
  const Labels labels{{"env", "prod"}, {"team", "b"}, {"empty", ""}};
  struct Case {
    const char* name;
    LabelSelector selector;
    bool matches;
  };
  for (const auto& [name, selector, expected] : std::vector<Case>{
           {"an empty one selects everything", {}, true},
           {"In, with the value", {{"team", Operator::kIn, {"a", "b"}}}, true},
           {"In, with another value", {{"team", Operator::kIn, {"a"}}}, false},
           {"In, without the label", {{"tier", Operator::kIn, {"a", ""}}}, false},
           {"In, of no values", {{"team", Operator::kIn, {}}}, false},
           {"In, of the empty value", {{"empty", Operator::kIn, {""}}}, true},
           {"In looks at case", {{"team", Operator::kIn, {"B"}}}, false},
           {"NotIn, with the value", {{"team", Operator::kNotIn, {"a", "b"}}}, false},
           {"NotIn, with another value", {{"team", Operator::kNotIn, {"a"}}}, true},
           {"NotIn, without the label", {{"tier", Operator::kNotIn, {"a"}}}, true},
           {"NotIn, of the empty value", {{"empty", Operator::kNotIn, {""}}}, false},
           {"Exists, with the label", {{"team", Operator::kExists, {}}}, true},
           {"Exists, with an empty value", {{"empty", Operator::kExists, {}}}, true},
           {"Exists, without the label", {{"tier", Operator::kExists, {}}}, false},
           {"DoesNotExist, with the label", {{"team", Operator::kDoesNotExist, {}}}, false},
           {"DoesNotExist, without the label", {{"tier", Operator::kDoesNotExist, {}}}, true},
           {"all of them",
            {{"team", Operator::kIn, {"b"}}, {"env", Operator::kNotIn, {"test"}}},
            true},
           {"all but one",
            {{"team", Operator::kIn, {"b"}}, {"env", Operator::kIn, {"test"}}},
            false},
           {"the same label twice",
            {{"team", Operator::kExists, {}}, {"team", Operator::kNotIn, {"b"}}},
            false}}) {
    DYNAMIC_SECTION(name) {
      CHECK(matches(selector, labels) == expected);
    }
  }
  CHECK(matches({}, {}));
}

TEST_CASE("who may use a credential", "[plan][limits]") {
  struct Case {
    const char* name;
    std::vector<std::string> globs;
    std::optional<LabelSelector> selector;
    bool may;
  };
  const LabelSelector team_b{{"team", Operator::kIn, {"b"}}};
  const LabelSelector team_c{{"team", Operator::kIn, {"c"}}};
  for (const auto& [name, globs, selector, may] :
       std::vector<Case>{{"everybody", {"*"}, {}, true},
                         {"by name", {"web", "shop"}, {}, true},
                         {"by a glob", {"sh*"}, {}, true},
                         {"by a glob of one character", {"sho?"}, {}, true},
                         {"a part of a name is not it", {"sho", "hop"}, {}, false},
                         {"nobody", {}, {}, false},
                         {"by a label", {"*"}, team_b, true},
                         {"not by a label", {"*"}, team_c, false},
                         {"a selector stands instead of the globs", {"web"}, team_b, true},
                         {"an empty selector selects everybody", {}, LabelSelector{}, true}}) {
    DYNAMIC_SECTION(name) {
      Limits limits;
      limits.namespaces = globs;
      limits.selector = selector;
      CHECK(may_use(limits, "shop", {{"team", "b"}}) == may);
    }
  }
  CHECK(may_use({}, "shop", {}));
}

TEST_CASE("what of the hosts asked for is served", "[plan][limits]") {
  const icr::Hosts asked{"de.icr.io", "us.icr.io"};
  Limits limits;
  CHECK(served_hosts(limits, asked) == asked);
  limits.hosts = {"us.icr.io", "private.us.icr.io"};
  CHECK(served_hosts(limits, asked) == icr::Hosts{"us.icr.io"});
  CHECK(served_hosts(limits, {"de.icr.io"}).empty());
  CHECK(served_hosts(limits, {}).empty());
  limits.hosts->clear();
  CHECK(served_hosts(limits, asked).empty());
  limits.fixed_hosts = {"cp.icr.io"};
  CHECK(served_hosts(limits, asked) == icr::Hosts{"cp.icr.io"});
}

TEST_CASE("entries for registry namespaces end in a slash", "[plan][limits]") {
  const icr::Hosts hosts{"de.icr.io", "us.icr.io"};
  Limits limits;
  CHECK(auth_keys(limits, hosts) == std::set<std::string>(hosts));
  limits.registry_namespaces = {"team", "base"};
  CHECK(auth_keys(limits, hosts) == std::set<std::string>{"de.icr.io/base", "de.icr.io/team",
                                                          "us.icr.io/base", "us.icr.io/team"});
  CHECK(auth_keys(limits, {}).empty());
}

TEST_CASE("the labels that a selector looks at, once each", "[plan][limits]") {
  Limits limits;
  CHECK(label_keys(limits).empty());
  limits.selector = {{"team", Operator::kExists, {}},
                     {"env", Operator::kIn, {"prod"}},
                     {"team", Operator::kNotIn, {"c"}}};
  CHECK(label_keys(limits) == std::vector<std::string>{"env", "team"});
}

}  // namespace limits_test
