// What an owner of a namespace can ask for.
#include <algorithm>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/scene.hpp"

namespace annotations_test {

namespace {

using namespace itest;

const Hosts kAllPublic{"icr.io",    "us.icr.io",  "uk.icr.io",  "de.icr.io",  "au.icr.io",
                       "jp.icr.io", "jp2.icr.io", "ca.icr.io",  "ca2.icr.io", "br.icr.io",
                       "es.icr.io", "in.icr.io",  "in2.icr.io", "fr2.icr.io"};

Hosts privately(const Hosts& hosts) {
  Hosts result;
  for (const auto& host : hosts) result.insert("private." + host);
  return result;
}

struct Case {
  std::string regions;
  Hosts hosts;
};

/// Makes all the namespaces first, so that the waits overlap.
void expect_cases(Scene& scene, const std::vector<Case>& cases) {
  std::vector<std::string> namespaces;
  for (const auto& each : cases) namespaces.push_back(scene.make_in(each.regions));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO("regions=" << cases[i].regions);
    scene.expect_served(namespaces[i], cases[i].hosts);
  }
}

}  // namespace

TEST_CASE("the annotation regions takes ids, global and all, in any case and with blanks") {
  Scene scene;
  scene.start();
  expect_cases(scene, {{"us-south", {"us.icr.io"}},
                       {"us-south,eu-de", {"us.icr.io", "de.icr.io"}},
                       {"  EU-DE ,\tUs-South\n", {"us.icr.io", "de.icr.io"}},
                       {"us-south,us-south,US-SOUTH", {"us.icr.io"}},
                       {"global", {"icr.io"}},
                       {"all", kAllPublic},
                       {"eu-fr2,in-mum,ca-mon,jp-osa",
                        {"fr2.icr.io", "in2.icr.io", "ca2.icr.io", "jp2.icr.io"}}});
}

TEST_CASE("old region names and hosts are accepted") {
  Scene scene;
  scene.start();
  expect_cases(scene,
               {{"eu-central", {"de.icr.io"}},
                {"uk-south", {"uk.icr.io"}},
                {"AP-North", {"jp.icr.io"}},
                {"ap-south", {"au.icr.io"}},
                {"de.icr.io", {"de.icr.io"}},
                {"icr.io,US.ICR.IO", {"icr.io", "us.icr.io"}},
                {"private.us.icr.io", {"us.icr.io", "private.us.icr.io"}},
                {"registry.eu-de.bluemix.net", {"de.icr.io", "registry.eu-de.bluemix.net"}}});
}

TEST_CASE("the configuration extends the regions and gives known ones other hosts") {
  Scene scene;
  scene.start_with("regions: {eu-xx: xx.icr.io, us-south: us.mirror.example:5000}");
  auto everything = kAllPublic;
  everything.erase("us.icr.io");
  everything.insert({"xx.icr.io", "us.mirror.example:5000"});
  expect_cases(scene, {{"eu-xx", {"xx.icr.io"}},
                       {"us-south", {"us.mirror.example:5000"}},
                       {"xx.icr.io,eu-de", {"xx.icr.io", "de.icr.io"}},
                       {"all", everything}});
}

TEST_CASE("the annotation endpoints chooses public, private or all hosts") {
  Scene scene;
  scene.start();
  const auto open = scene.make({{kRegions, "us-south"}, {kEndpoints, "public"}});
  const auto closed = scene.make({{kRegions, "us-south,eu-de"}, {kEndpoints, "Private"}});
  const auto both = scene.make({{kRegions, "global"}, {kEndpoints, " all "}});
  const auto everything = scene.make({{kRegions, "all"}, {kEndpoints, "private"}});
  scene.expect_served(open);
  scene.expect_served(closed, {"private.us.icr.io", "private.de.icr.io"});
  scene.expect_served(both, {"icr.io", "private.icr.io"});
  scene.expect_served(everything, privately(kAllPublic));

  cluster().annotate(closed, {{kEndpoints, nullptr}});
  scene.expect_served(closed, {"us.icr.io", "de.icr.io"});
}

TEST_CASE("the configuration's endpoints hold where no annotation does") {
  Scene scene;
  scene.start_with("endpoints: private");
  const auto silent = scene.make_in("us-south");
  const auto loud = scene.make({{kRegions, "us-south"}, {kEndpoints, "public"}});
  scene.expect_served(silent, {"private.us.icr.io"});
  scene.expect_served(loud);
}

TEST_CASE("the annotation service-accounts takes names, globs, * and none") {
  Scene scene;
  scene.start();
  const std::vector<std::string> accounts{"default", "builder", "deploy-a", "deploy-b"};
  struct Wanted {
    std::string annotation;
    std::vector<std::string> attached;
  };
  const std::vector<Wanted> table{{"builder", {"builder"}},
                                  {"deploy-*, default", {"default", "deploy-a", "deploy-b"}},
                                  {"deploy-?,builder,builder", {"builder", "deploy-a", "deploy-b"}},
                                  {"*", accounts},
                                  {"none", {}}};
  std::vector<std::string> namespaces;
  for (const auto& row : table) {
    namespaces.push_back(scene.make({{kRegions, "us-south"}, {kServiceAccounts, row.annotation}}));
    for (const auto& account : accounts) {
      if (account != "default") cluster().make_account(namespaces.back(), account);
    }
  }
  for (std::size_t i = 0; i < table.size(); ++i) {
    INFO("service-accounts=" << table[i].annotation);
    const auto& ns = namespaces[i];
    eventually("the copy is there", [&] { return cluster().secret(ns) ? "" : "no"; });
    for (const auto& account : table[i].attached) {
      scene.expect_served(ns, {"us.icr.io"}, account);
    }
    for (const auto& account : accounts) {
      const auto& wanted = table[i].attached;
      if (std::find(wanted.begin(), wanted.end(), account) == wanted.end()) {
        CHECK(cluster().pull_secrets(ns, account).empty());
      }
    }
  }
  // Another value acts in both directions.
  cluster().annotate(namespaces[0], {{kServiceAccounts, "deploy-a"}});
  scene.expect_served(namespaces[0], {"us.icr.io"}, "deploy-a");
  eventually("the other is detached",
             [&] { return cluster().pull_secrets(namespaces[0], "builder").empty() ? "" : "no"; });
}

TEST_CASE("the configuration's service accounts hold where no annotation does") {
  Scene scene;
  scene.start_with("serviceAccounts: [\"build*\"]");
  const auto ns = scene.make_in("us-south");
  cluster().make_account(ns, "builder");
  scene.expect_served(ns, {"us.icr.io"}, "builder");
  CHECK(cluster().pull_secrets(ns, "default").empty());
}

TEST_CASE("a namespace without the annotation is left alone, however many others there are") {
  Scene scene;
  scene.start();
  const auto outside = scene.make({{"somebody.example/regions", "us-south"}}, "outside");
  const auto inside = scene.make_in("us-south");
  scene.expect_served(inside);
  CHECK(Scene::bare(outside) == "");
  CHECK(Scene::requests(outside).empty());
}

TEST_CASE("regions are added and removed at run time, in place") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const auto uid = uid_of(*cluster().secret(ns));
  proxy().start_over();

  cluster().annotate(ns, {{kRegions, "us-south,eu-de,global"}});
  scene.expect_served(ns, {"us.icr.io", "de.icr.io", "icr.io"});
  cluster().annotate(ns, {{kRegions, "eu-de"}});
  scene.expect_served(ns, {"de.icr.io"});

  CHECK(uid_of(*cluster().secret(ns)) == uid);
  CHECK(text_of(Scene::requests(ns)) == "PATCH icr-default, PATCH icr-default");
}

TEST_CASE("opt-out detaches and deletes, and opting in again serves again") {
  Scene scene;
  scene.start();
  const auto removed = scene.make({{kRegions, "us-south"}, {kServiceAccounts, "*"}});
  const auto none = scene.make_in("us-south");
  cluster().make_account(removed, "builder");
  scene.expect_served(removed);
  scene.expect_served(removed, {"us.icr.io"}, "builder");
  scene.expect_served(none);
  proxy().start_over();

  cluster().annotate(removed, {{kRegions, nullptr}});
  cluster().annotate(none, {{kRegions, "None"}});
  Scene::expect_bare(removed);
  Scene::expect_bare(none);
  CHECK(text_of(Scene::requests(none)) == "PATCH default, DELETE icr-default");
  CHECK(text_of(Scene::requests(removed)) == "PATCH builder, PATCH default, DELETE icr-default");

  cluster().annotate(removed, {{kRegions, "eu-de"}});
  cluster().annotate(none, {{kRegions, "us-south"}});
  scene.expect_served(removed, {"de.icr.io"});
  scene.expect_served(removed, {"de.icr.io"}, "builder");
  scene.expect_served(none);
}

TEST_CASE("opt-out leaves other people's pull secrets where they are") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  cluster().set_pull_secrets(ns, "default", {"first", kCopy, "last"});
  cluster().annotate(ns, {{kRegions, nullptr}});
  Scene::expect_bare(ns);
  CHECK(cluster().pull_secrets(ns, "default") == std::vector<std::string>{"first", "last"});
}

TEST_CASE("what went well is told in Events only where the configuration asks for it") {
  Scene scene;
  auto& op = scene.start_with("events: {success: true}");
  const auto ns = scene.make_in("us-south");
  const auto event = Scene::expect_event(ns, "PullSecretsWritten");
  CHECK(event["type"] == "Normal");
  CHECK(event["involvedObject"]["kind"] == "Namespace");
  const auto copy = *cluster().secret(ns);
  const std::string revision = copy["metadata"]["annotations"]["icr-pull-secrets/revision"];
  eventually("an Event tells the revision", [&]() -> std::string {
    for (const auto& each : cluster().events(ns)) {
      const std::string said = each["message"];
      if (said.find("icr-default is at revision " + revision) != std::string::npos) return {};
    }
    return json(cluster().events(ns)).dump();
  });
  CHECK(op.metric("icr_pull_secrets_problems_total") == 0);
  // All lines about one reconcile carry its number.
  const auto written = op.log_lines("namespace written");
  REQUIRE_FALSE(written.empty());
  CHECK_FALSE(written.front().at("reconcile").get<std::string>().empty());

  scene.stop();
  scene.start();
  const auto quiet = scene.make_in("us-south");
  scene.expect_served(quiet);
  const auto again = scene.make_in("us-south");
  scene.expect_served(again);
  CHECK(cluster().events(quiet).empty());
}

}  // namespace annotations_test
