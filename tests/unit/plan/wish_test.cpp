#include "plan/wish.hpp"

#include <optional>

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace wish_test {

using namespace icrps;
using namespace icrps::plan;

namespace {

using Words = std::vector<std::string>;

const Words kKnown{"default", "team-b"};

/// Annotations without the prefix.
Wish wish(std::initializer_list<std::pair<const char*, std::string>> annotations,
          const Defaults& defaults = {}, const Words& known = kKnown) {
  NamespaceFacts ns;
  ns.name = "shop";
  for (const auto& [name, value] : annotations)
    ns.annotations["icr-pull-secrets/" + std::string(name)] = value;
  return read_wish(ns, defaults, icr::RegionTable::builtin(), known);
}

}  // namespace

TEST_CASE("a namespace opts in by its regions", "[plan][wish]") {
  CHECK_FALSE(wish({}).opted_in);
  CHECK(wish({{"regions", "us-south"}}).opted_in);
  CHECK_FALSE(wish({{"regions", "none"}}).opted_in);
  CHECK(wish({{"regions", "nowhere"}}).opted_in);  // a mistake is not an opt-out
}

TEST_CASE("without regions nothing else matters", "[plan][wish]") {
  const auto said = wish({{"endpoints", "wrong"},
                          {"service-accounts", "Wrong!"},
                          {"credentials", "wrong"},
                          {"unknown", "x"}});
  CHECK_FALSE(said.opted_in);
  CHECK(said.problems.empty());
  CHECK(wish({{"regions", "none"}, {"endpoints", "wrong"}, {"credentials", "?"}}).problems.size() <=
        1);
}

TEST_CASE("regions and endpoints give hosts", "[plan][wish]") {
  struct Case {
    std::string regions;
    std::optional<std::string> endpoints;
    icr::Hosts hosts;
  };
  for (const auto& [regions, endpoints, hosts] :
       std::vector<Case>{{"us-south", {}, {"us.icr.io"}},
                         {"us-south, EU-DE ", {}, {"de.icr.io", "us.icr.io"}},
                         {"us.icr.io", {}, {"us.icr.io"}},
                         {"us-south", "public", {"us.icr.io"}},
                         {"us-south", " Private ", {"private.us.icr.io"}},
                         {"us-south", "all", {"private.us.icr.io", "us.icr.io"}}}) {
    DYNAMIC_SECTION(regions << " " << endpoints.value_or("")) {
      const auto said = endpoints ? wish({{"regions", regions}, {"endpoints", *endpoints}})
                                  : wish({{"regions", regions}});
      CHECK(said.hosts == hosts);
      CHECK(said.problems.empty());
    }
  }
}

TEST_CASE("the configuration says what holds where an annotation is silent", "[plan][wish]") {
  const Defaults defaults{icr::Endpoints::kPrivate, {"builder", "ci-*"}};
  const auto said = wish({{"regions", "us-south"}}, defaults);
  CHECK(said.hosts == icr::Hosts{"private.us.icr.io"});
  CHECK(said.service_accounts == Words{"builder", "ci-*"});
  CHECK(said.credentials == Words{"default"});
  const auto annotated =
      wish({{"regions", "us-south"}, {"endpoints", "public"}, {"service-accounts", "x"}}, defaults);
  CHECK(annotated.hosts == icr::Hosts{"us.icr.io"});
  CHECK(annotated.service_accounts == Words{"x"});
}

TEST_CASE("the configuration opts in who says nothing himself", "[plan][wish]") {
  struct Case {
    const char* what;
    const char* ns;
    Labels labels;
    Annotations annotations;
    bool all, selector;  // opted in by that mode
    bool by_default;
    icr::Hosts hosts;
  };
  const Labels team{{"team", "a"}};
  const icr::Hosts given{"de.icr.io", "us.icr.io"};
  const std::string regions = "icr-pull-secrets/regions";
  for (const auto& [what, ns, labels, annotations, all, selector, by_default, hosts] :
       std::vector<Case>{
           {"no label", "shop", {}, {}, true, false, true, given},
           {"the label", "shop", team, {}, true, true, true, given},
           {"another value", "shop", {{"team", "b"}}, {}, true, false, true, given},
           {"none opts out", "shop", team, {{regions, "none"}}, false, false, false, {}},
           {"the annotation wins",
            "shop",
            team,
            {{regions, "jp-tok"}},
            true,
            true,
            false,
            {"jp.icr.io"}},
           {"also where the selector doesn't",
            "shop",
            {},
            {{regions, "jp-tok"}},
            true,
            true,
            false,
            {"jp.icr.io"}},
           {"a mistake opts in", "shop", {}, {{regions, "nowhere"}}, true, true, false, {}},
           {"the other annotations hold",
            "shop",
            team,
            {{"icr-pull-secrets/endpoints", "private"}},
            true,
            true,
            true,
            {"private.de.icr.io", "private.us.icr.io"}},
           {"an excluded one", "kube-system", team, {}, false, false, false, {}},
           {"an excluded one that asks",
            "kube-system",
            team,
            {{regions, "us-south"}},
            true,
            true,
            false,
            {"us.icr.io"}}}) {
    DYNAMIC_SECTION(what) {
      NamespaceFacts facts;
      facts.name = ns;
      facts.labels = labels;
      facts.annotations = annotations;
      for (const bool mode_all : {true, false}) {
        Defaults defaults;
        defaults.opt_in.mode = mode_all ? OptIn::Mode::kAll : OptIn::Mode::kSelector;
        defaults.opt_in.selector = {{"team", LabelRequirement::Operator::kIn, {"a"}}};
        defaults.opt_in.regions = "us-south,eu-de";
        const auto said = read_wish(facts, defaults, icr::RegionTable::builtin(), kKnown);
        CHECK(said.opted_in == (mode_all ? all : selector));
        if (!said.opted_in) continue;
        CHECK(said.by_default == by_default);
        CHECK(nobody_asked(said, facts) == by_default);
        CHECK(said.hosts.value_or(icr::Hosts{}) == hosts);
        CHECK(said.problems.size() == (said.hosts ? 0 : 1));
        CHECK(said.credentials == Words{"default"});
      }
    }
  }
}

TEST_CASE("who names credentials asked for them", "[plan][wish]") {
  NamespaceFacts facts;
  facts.name = "shop";
  facts.annotations = {{"icr-pull-secrets/credentials", "team-b"}};
  Defaults defaults;
  defaults.opt_in.mode = OptIn::Mode::kAll;
  defaults.opt_in.regions = "us-south";
  const auto said = read_wish(facts, defaults, icr::RegionTable::builtin(), kKnown);
  CHECK(said.by_default);
  CHECK(said.credentials == Words{"team-b"});
  CHECK_FALSE(nobody_asked(said, facts));
}

TEST_CASE("the namespaces of the systems themselves are excluded unless said", "[plan][wish]") {
  const OptIn all{OptIn::Mode::kAll, {}, "us-south", system_namespaces()};
  for (const auto* ns :
       {"kube-system", "kube-public", "kube-node-lease", "openshift", "openshift-monitoring",
        "calico-system", "calico-apiserver", "tigera-operator", "ibm-system", "ibm-operators",
        "ibm-observe", "ibm-cert-store", "ibm-services-system"}) {
    INFO(ns);
    CHECK_FALSE(takes_part(all, ns, {}));
  }
  for (const auto* ns : {"default", "shop", "kube", "openshift1", "ibm-shop", "my-kube-system"}) {
    INFO(ns);
    CHECK(takes_part(all, ns, {}));
  }
  CHECK(takes_part({OptIn::Mode::kAll, {}, "us-south", {}}, "kube-system", {}));
  CHECK_FALSE(takes_part({OptIn::Mode::kAnnotation, {}, "us-south", {}}, "shop", {}));
}

TEST_CASE("service accounts by name, glob and none", "[plan][wish]") {
  struct Case {
    std::string value;
    std::optional<Words> accounts;
  };
  const std::string longest(253, 'a');
  for (const auto& [value, accounts] :
       std::vector<Case>{{"builder", Words{"builder"}},
                         {" builder , default ", Words{"builder", "default"}},
                         {"builder,builder", Words{"builder"}},
                         {"*", Words{"*"}},
                         {"ci-?,*-builder", Words{"ci-?", "*-builder"}},
                         {"none", Words{}},
                         {" none ", Words{}},
                         {longest, Words{longest}},
                         {longest + "a", {}},
                         {"", {}},
                         {",", {}},
                         {"builder,", Words{"builder"}},
                         {"none,", Words{}},
                         {"\nbuilder\r\n, default,\n", Words{"builder", "default"}},
                         {"builder,none", {}},
                         {"Builder", {}},
                         {"NONE", {}},
                         {"b uilder", {}},
                         {"ns/builder", {}},
                         {"[a-z]", {}},
                         {"a\\*", {}},
                         {"b\xc3\xbcilder", {}}}) {
    DYNAMIC_SECTION('"' << value << '"') {
      const auto said = wish({{"regions", "us-south"}, {"service-accounts", value}});
      CHECK(said.service_accounts == accounts);
      CHECK(said.problems.size() == (accounts ? 0 : 1));
    }
  }
}

TEST_CASE("credentials by name", "[plan][wish]") {
  struct Case {
    std::string value;
    std::optional<Words> credentials;
  };
  for (const auto& [value, credentials] :
       std::vector<Case>{{"default", Words{"default"}},
                         {"team-b", Words{"team-b"}},
                         {"team-b, default", Words{"team-b", "default"}},
                         {"default,default", Words{"default"}},
                         {"", {}},
                         {"default,", Words{"default"}},
                         {"\n default \r\n,\n", Words{"default"}},
                         {",", {}},
                         {"Default", {}},
                         {"default,other", {}},
                         {"*", {}}}) {
    DYNAMIC_SECTION('"' << value << '"') {
      const auto said = wish({{"regions", "us-south"}, {"credentials", value}});
      CHECK(said.credentials == credentials);
      CHECK(said.problems.size() == (credentials ? 0 : 1));
    }
  }
}

TEST_CASE("without a credential named default one must be named", "[plan][wish]") {
  const auto said = wish({{"regions", "us-south"}}, {}, {"team-a", "team-b"});
  CHECK_FALSE(said.credentials);
  REQUIRE(said.problems.size() == 1);
  CHECK(said.problems[0].reason == "InvalidCredentials");
  CHECK_THAT(said.problems[0].message, Catch::Contains("team-a, team-b"));
  CHECK(wish({{"regions", "us-south"}, {"credentials", "team-b"}}, {}, {"team-a", "team-b"})
            .problems.empty());
}

TEST_CASE("a mistake names the annotation, the value and what is accepted", "[plan][wish]") {
  struct Case {
    const char* annotation;
    std::string value;
    std::string reason;
    std::vector<std::string> words;
  };
  for (const auto& [annotation, value, reason, words] : std::vector<Case>{
           {"regions", "us-suoth", "InvalidRegions", {"\"us-suoth\"", "us-south", "eu-de", "all"}},
           {"regions", "", "InvalidRegions", {"accepted"}},
           {"regions", "us-south,none", "InvalidRegions", {"none"}},
           {"endpoints", "vpe", "InvalidEndpoints", {"\"vpe\"", "public, private, all"}},
           {"service-accounts", "A", "InvalidServiceAccounts", {"\"A\"", "globs", "none"}},
           {"credentials", "x\"y", "InvalidCredentials", {"default, team-b"}}}) {
    DYNAMIC_SECTION(annotation << " \"" << value << '"') {
      NamespaceFacts ns;
      ns.annotations = {{"icr-pull-secrets/regions", "us-south"}};
      ns.annotations["icr-pull-secrets/" + std::string(annotation)] = value;
      const auto said = read_wish(ns, {}, icr::RegionTable::builtin(), kKnown);
      CHECK(said.opted_in);
      REQUIRE(said.problems.size() == 1);
      const auto& problem = said.problems[0];
      CHECK(problem.reason == reason);
      CHECK_FALSE(problem.patience);
      CHECK_FALSE(problem.note);
      CHECK_THAT(problem.message, Catch::Contains("icr-pull-secrets/" + std::string(annotation)) &&
                                      Catch::Contains("accepted") &&
                                      Catch::Contains("What was in force stays"));
      for (const auto& word : words) CHECK_THAT(problem.message, Catch::Contains(word));
    }
  }
}

TEST_CASE("each mistake is told, and spares the other annotations", "[plan][wish]") {
  const auto said = wish({{"regions", "nowhere"},
                          {"endpoints", "?"},
                          {"service-accounts", "builder"},
                          {"credentials", "team-b"}});
  CHECK(said.problems.size() == 2);
  CHECK_FALSE(said.hosts);
  CHECK(said.service_accounts == Words{"builder"});
  CHECK(said.credentials == Words{"team-b"});
}

TEST_CASE("wrong endpoints leave the hosts unsaid though the regions are right", "[plan][wish]") {
  const auto said = wish({{"regions", "us-south"}, {"endpoints", "?"}});
  CHECK(said.opted_in);
  CHECK_FALSE(said.hosts);
}

TEST_CASE("an annotation of more than 4096 characters is a mistake", "[plan][wish]") {
  struct Case {
    const char* annotation;
    std::string value;  // of 4096 characters, and no mistake
    const char* reason;
  };
  const auto padded = [](const std::string& value) {
    return value + std::string(kLongestAnnotation - value.size(), ' ');
  };
  for (const auto& [annotation, value, reason] :
       std::vector<Case>{{"regions", padded("us-south,"), "InvalidRegions"},
                         {"endpoints", padded("private,"), "InvalidEndpoints"},
                         {"service-accounts", padded("a*,b"), "InvalidServiceAccounts"},
                         {"credentials", padded("default"), "InvalidCredentials"}}) {
    DYNAMIC_SECTION(annotation) {
      NamespaceFacts ns;
      ns.annotations = {{"icr-pull-secrets/regions", "us-south"}};
      auto& written = ns.annotations["icr-pull-secrets/" + std::string(annotation)];
      written = value;
      CHECK(read_wish(ns, {}, icr::RegionTable::builtin(), kKnown).problems.empty());
      written += ' ';
      const auto said = read_wish(ns, {}, icr::RegionTable::builtin(), kKnown);
      CHECK(said.opted_in);
      REQUIRE(said.problems.size() == 1);
      CHECK(said.problems[0].reason == reason);
      CHECK_THAT(said.problems[0].message, Catch::Contains("at most") && Catch::Contains("4096"));
    }
  }
}

TEST_CASE("characters are counted, not bytes", "[plan][wish]") {
  std::string emoji;
  for (std::size_t i = 0; i < kLongestAnnotation; ++i) emoji += "\xf0\x9f\x90\xb3";
  CHECK(bounded_annotation(emoji) == emoji);
  CHECK(bounded_annotation(emoji + "ab") == emoji + "a");
  CHECK(bounded_annotation("").empty());
  NamespaceFacts ns;
  ns.annotations = {{"icr-pull-secrets/regions", emoji}};
  const auto said = read_wish(ns, {}, icr::RegionTable::builtin(), kKnown);
  REQUIRE(said.problems.size() == 1);
  CHECK_THAT(said.problems[0].message, Catch::Contains("unknown region"));
}

TEST_CASE("an annotation of any length gives a message that fits into an Event", "[plan][wish]") {
  for (const auto* annotation : {"regions", "endpoints", "service-accounts", "credentials"}) {
    for (const auto& value : {std::string(10'000, 'x'), std::string(10'000, ','),
                              std::string(10'000, '\n'), std::string(10'000, '\xff')}) {
      NamespaceFacts ns;
      ns.annotations = {{"icr-pull-secrets/regions", "us-south"}};
      ns.annotations["icr-pull-secrets/" + std::string(annotation)] = value;
      for (const auto& problem : read_wish(ns, {}, icr::RegionTable::builtin(), kKnown).problems) {
        CHECK(problem.message.size() <= 1024);
      }
    }
  }
}

TEST_CASE("patterns select names", "[plan][wish]") {
  struct Case {
    Words patterns;
    std::string name;
    bool selected;
  };
  for (const auto& [patterns, name, selected] :
       std::vector<Case>{{{}, "default", false},
                         {{"default"}, "default", true},
                         {{"default"}, "default2", false},
                         {{"a", "b"}, "b", true},
                         {{"*"}, "anything.at-all", true},
                         {{"ci-*"}, "ci-", true},
                         {{"ci-*"}, "xci-1", false},
                         {{"ci-?"}, "ci-1", true},
                         {{"ci-?"}, "ci-12", false},
                         {{"*a*a*a*a*a*a*a*b"}, std::string(253, 'a'), false}}) {
    CHECK(selects(patterns, name) == selected);
  }
}

}  // namespace wish_test
