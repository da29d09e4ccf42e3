// plan, against the same cluster as the operator: it writes nothing, and the operator then writes
// what it said.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"

namespace plan_command_test {

namespace {

using namespace itest;

constexpr int kOk = 0;
constexpr int kNotGood = 3;

Finished plan(const std::string& config, std::vector<std::string> arguments) {
  std::vector<std::string> all{environment("ICRPS_OPERATOR"), "plan"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::vector<std::string> common{"--config",     scratch_file("config.yaml", config),
                                        "--kubeconfig", operator_kubeconfig(),
                                        "--namespace",  kOwn};
  all.insert(all.end(), common.begin(), common.end());
  return run_command(all);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// "patch default: icr-default is new; create icr-default: …": what is said about a namespace.
std::vector<std::string> said(const Finished& finished, const std::string& ns) {
  std::vector<std::string> lines;
  INFO(finished.out << finished.err);
  const auto report = json::parse(finished.out);
  for (const auto& one : report["namespaces"]) {
    if (one["namespace"] != ns) continue;
    for (const auto& change : one["changes"]) {
      lines.push_back(fmt::format("{} {}: {}", change["action"].get<std::string>(),
                                  change["name"].get<std::string>(),
                                  change["why"].get<std::string>()));
    }
    for (const auto& problem : one["problems"]) lines.push_back(problem["reason"]);
  }
  return lines;
}

using Lines = std::vector<std::string>;

/// What was written in between, for people. What is left of earlier tests is still being deleted;
/// that `plan` deletes nothing is for the proxy to tell, which all of its requests go through.
std::string growth(const std::map<std::string, long>& before,
                   const std::map<std::string, long>& after) {
  std::string text;
  for (const auto& [what, count] : after) {
    if (what.starts_with("DELETE ")) continue;
    const auto old = before.contains(what) ? before.at(what) : 0;
    if (count != old) text += fmt::format("{} {} times; ", what, count - old);
  }
  return text;
}

}  // namespace

TEST_CASE(
    "plan says what would be written and why, by the API server's own count it writes "
    "nothing, and the operator then does what it said") {
  Scene scene;
  const auto config = config_text();
  scene.start();
  const auto served = scene.make_in("us-south");
  const auto wider = scene.make_in("us-south");
  const auto drifted = scene.make_in("us-south");
  const auto detached = scene.make_in("us-south");
  const auto out = scene.make_in("us-south");
  for (const auto& ns : {served, wider, drifted, detached, out}) scene.expect_served(ns);
  scene.stop();
  const auto fresh = scene.make_in("us-south");
  const auto typo = scene.make_in("us-sooth");
  cluster().expect_account(fresh);
  cluster().annotate(wider, {{kRegions, "us-south,eu-de"}});
  cluster().annotate(out, {{kRegions, nullptr}});
  must(cluster().api().merge("/api/v1/namespaces/" + drifted + "/secrets/" + kCopy,
                             {{"data", {{".dockerconfigjson", "e30="}}}}));
  cluster().set_pull_secrets(detached, "default", {});

  proxy().start_over();
  const auto before = cluster().settled_write_counts();
  const auto finished = plan(config, {"-o", "json"});
  CHECK(finished.exit_code == kOk);
  CHECK(said(finished, served).empty());
  CHECK(said(finished, fresh) ==
        Lines{"create icr-default: opted in by annotation icr-pull-secrets/regions",
              "patch default: icr-default is new"});
  CHECK(said(finished, wider) == Lines{"update icr-default: hosts added: de.icr.io"});
  CHECK(said(finished, drifted) ==
        Lines{"update icr-default: its content was changed by somebody else"});
  CHECK(said(finished, detached) ==
        Lines{"patch default: icr-default is not attached: the account is new, or somebody took it "
              "away"});
  CHECK(said(finished, out) == Lines{"patch default: icr-default goes",
                                     "delete icr-default: the namespace is not opted in"});
  CHECK(said(finished, typo) == Lines{"InvalidRegions"});

  const auto table = plan(config, {"--only", wider, "--only", served, "--fail-on-change"});
  INFO(table.out);
  CHECK(table.exit_code == kNotGood);
  CHECK(has(table.out, "1 of 2 namespaces would change, by 1 writes; 0 with problems"));
  CHECK_FALSE(has(table.out, served + " "));
  CHECK(has(plan(config, {"--only", served, "--all"}).out, served + " "));
  CHECK(growth(before, cluster().settled_write_counts()) == "");
  for (const auto& seen : proxy().requests()) CHECK_FALSE(seen.is_write());

  proxy().start_over();
  scene.start();
  for (const auto& ns : {served, drifted, detached, fresh}) scene.expect_served(ns);
  scene.expect_served(wider, {"us.icr.io", "de.icr.io"});
  Scene::expect_bare(out);
  CHECK(text_of(writes(Scene::requests(served))).empty());
  CHECK(text_of(writes(Scene::requests(wider))) == "PATCH icr-default");
  Scene::expect_event(drifted, "SecretRepaired");
  CHECK(text_of(writes(Scene::requests(drifted))) == "PATCH icr-default, POST events");
  CHECK(text_of(writes(Scene::requests(detached))) == "PATCH default");
  CHECK(text_of(writes(Scene::requests(fresh))) == "POST secrets, PATCH default");
  CHECK(text_of(writes(Scene::requests(out))) == "PATCH default, DELETE icr-default");
  const auto after = plan(config, {"-o", "json"});
  for (const auto& ns : {served, drifted, detached, fresh, wider, out}) {
    CHECK(said(after, ns).empty());
  }
}

TEST_CASE("plan tells a new key in the source, a retired credential and a limit") {
  Scene scene;
  cluster().put_secret(kOwn, "team-key", {{"apikey", scene.new_key()}});
  const auto team = [](const std::string& limits) {
    return config_text() + api_key("team", "team-key", limits);
  };
  OperatorProcess::Options options;
  options.config = team({});
  scene.start(options);
  const auto ns = scene.make({{kRegions, "us-south"}, {kCredentials, "default,team"}});
  scene.expect_served(ns);
  eventually("team is attached",
             [&] { return cluster().pull_secrets(ns, "default").size() == 2 ? "" : "not yet"; });
  const auto before = (*cluster().secret(ns))["metadata"]["annotations"];
  scene.stop();
  CHECK(said(plan(team({}), {"-o", "json"}), ns).empty());

  scene.rotate();
  const auto lines = said(plan(team({}), {"-o", "json"}), ns);
  REQUIRE(lines.size() == 1);
  CHECK(
      has(lines[0], "is in force, not " + before["icr-pull-secrets/revision"].get<std::string>()));
  const auto limited = said(plan(team("namespaces: [nobody]"), {"-o", "json"}), ns);
  CHECK(std::count(limited.begin(), limited.end(),
                   "delete icr-team: limit: the namespace may not use the credential") == 1);
  const auto retired = said(plan(config_text("retired: [team]"), {"-o", "json"}), ns);
  CHECK(std::count(retired.begin(), retired.end(), "delete icr-team: the credential is retired") ==
        1);
}

TEST_CASE("of tokens plan takes what is recorded, and asks IAM for none") {
  IamScene scene;
  const auto credentials = access_token();
  scene.start_for(credentials);
  const auto ns = scene.make_in("us-south");
  scene.expect_login(ns, "iambearer");
  eventually("it is attached",
             [&] { return cluster().pull_secrets(ns, "default").size() == 1 ? "" : "not yet"; });
  eventually("it is recorded", [] { return recorded().is_null() ? "not yet" : ""; });
  scene.stop();
  const auto asked = iam().requests().size();
  const auto config = iam_config(credentials);
  CHECK(said(plan(config, {"-o", "json"}), ns).empty());
  cluster().annotate(ns, {{kRegions, "us-south,eu-de"}});
  const auto finished = plan(config, {"-o", "json"});
  CHECK(said(finished, ns) == Lines{"update icr-default: hosts added: de.icr.io"});
  CHECK(iam().requests().size() == asked);
  const auto copy = *cluster().secret(ns);
  CHECK(json::parse(finished.out)["credentials"][0]["revision"] ==
        copy["metadata"]["annotations"]["icr-pull-secrets/revision"]);
}

}  // namespace plan_command_test
