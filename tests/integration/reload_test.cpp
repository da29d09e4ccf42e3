// A configuration that changes while the operator runs.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"
#include "harness/scene.hpp"

namespace reload_test {

using namespace itest;

namespace {

const std::string kRead = "icr_pull_secrets_config_reads_total";
const std::string kSuccessful = "icr_pull_secrets_config_last_read_successful";
const std::string kRefused =
    "the configuration changed and is refused; the one before stays in force";
const std::string kConfigMaps = "/api/v1/namespaces/icr-pull-secrets/configmaps";
// The chart's name for it, and the key that it is mounted by: the name of the --config file.
const std::string kConfigMap = "icr-pull-secrets";

void change(OperatorProcess& op, const std::string& text) {
  write_text(op.config_file(), text);
}

void expect_refused(OperatorProcess& op, const std::string& why) {
  eventually("it is refused", [&]() -> std::string {
    const auto lines = op.log_lines(kRefused);
    if (lines.empty()) return op.log_so_far();
    const auto said = lines.back().at("error").get<std::string>();
    return said.find(why) == std::string::npos ? said : std::string();
  });
  op.expect_metric(kSuccessful, 0);
}

Requests lists_of_namespaces() {
  return matching(proxy().requests(), "GET", "/namespaces[?]limit");
}

/// An operator that is told where its file comes from; it is gone when the test is.
class ConfigMapScene : public Scene {
 public:
  ConfigMapScene() { cluster().api().remove(kConfigMaps + "/" + kConfigMap); }
  ~ConfigMapScene() noexcept(false) { cluster().api().remove(kConfigMaps + "/" + kConfigMap); }

  OperatorProcess& start_watching() {
    OperatorProcess::Options options;
    options.arguments = {"--namespace", "icr-pull-secrets", "--config-map", kConfigMap};
    return start(std::move(options));
  }

  /// As `helm upgrade` and `kubectl edit` do; the file stays as it is.
  void put(const std::string& text) {
    const auto key = op().config_file().substr(op().config_file().rfind('/') + 1);
    const json data{{"data", {{key, text}}}};
    if (cluster().api().get(kConfigMaps + "/" + kConfigMap).status == 404) {
      auto object = data;
      object["metadata"]["name"] = kConfigMap;
      must(cluster().api().post(kConfigMaps, object));
    } else {
      must(cluster().api().merge(kConfigMaps + "/" + kConfigMap, data));
    }
  }
};

}  // namespace

TEST_CASE("a changed configuration is in force without a restart, and writes only what changes") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");
  const auto other = scene.make({{kRegions, "us-south"}, {kEndpoints, "public"}});
  scene.expect_served(ns);
  scene.expect_served(other);
  op.expect_metric(kSuccessful, 1);
  const auto before = writes(of(Scene::requests(other), other)).size();
  change(op, config_text("endpoints: private"));
  scene.expect_served(ns, {"private.us.icr.io"});
  op.expect_metric(kRead, {{"outcome", "done"}}, 2);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "ready"}}, 2);
  op.wait_until_ready();
  CHECK(writes(of(Scene::requests(other), other)).size() == before);
  const auto late = scene.make_in("eu-de");
  scene.expect_served(late, {"private.de.icr.io"});
}

TEST_CASE("a configuration that can't be used is refused, and told once") {
  Scene scene;
  auto& op = scene.start();
  change(op, config_text("regoins: {}"));
  expect_refused(op, "config.yaml:3: unknown key \"regoins\" (did you mean \"regions\"?)");
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  change(op, config_text("# well again\nendpoints: public"));
  op.expect_metric(kSuccessful, 1);
  op.expect_metric(kRead, {{"outcome", "unchanged"}}, 1);
  CHECK(op.log_lines(kRefused).size() == 1);
}

TEST_CASE("a configuration that is gone, giant or explosive harms nobody") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  REQUIRE(std::remove(op.config_file().c_str()) == 0);
  expect_refused(op, "can't be opened: No such file or directory");
  const auto before = op.resident_kib();
  change(op, config_text("#" + std::string(std::size_t{10} << 20U, 'x')));
  expect_refused(op, "is larger than 1 MiB");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const auto one = fmt::format("*a{}", i - 1);
    bomb += fmt::format("a{0}: &a{0} [{1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}]\n", i, one);
  }
  change(op, config_text(bomb));
  expect_refused(op, "anchor");
  constexpr long kRoom = 16L * 1024;
  CHECK(op.resident_kib() < before + kRoom);
  cluster().annotate(ns, in("eu-de"));
  scene.expect_served(ns, {"de.icr.io"});
}

TEST_CASE("an API server that hangs keeps neither a change nor the end waiting for long") {
  Scene scene;
  auto& op = scene.start();
  proxy().add({.name = "hung", .method = "GET", .path = "limit=1$", .action = "hang"});
  change(op, config_text() + api_key("team", "team-key"));
  eventually("it asks for its rights", [] { return proxy().matched("hung") > 0 ? "" : "no"; });
  op.process().signal(SIGTERM);
  const auto code = op.process().wait(40s);  // a list by itself may take a minute
  REQUIRE(code);
  CHECK(*code == 0);
  CHECK(proxy().matched("hung") == 1);
}

TEST_CASE("the log level changes while the work goes on") {
  Scene scene;
  auto& op = scene.start();
  const auto listed = lists_of_namespaces().size();
  change(op, config_text("log: {level: debug}"));
  op.expect_metric(kRead, {{"outcome", "done"}}, 2);
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  eventually("there is more to read", [&]() -> std::string {
    for (const auto& line : op.log_lines()) {
      if (line.at("level") == "debug") return {};
    }
    return op.log_so_far();
  });
  CHECK(lists_of_namespaces().size() == listed);
}

TEST_CASE("what a running operator can't change says so") {
  Scene scene;
  auto& op = scene.start();
  change(op, config_text("leaderElection: {enabled: true}\nlog: {format: json}\nworkers: 3"));
  op.expect_metric(kRead, {{"outcome", "done"}}, 2);
  const auto lines = op.log_lines("configuration read");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("needs_restart") == "leaderElection, log.format");
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
}

TEST_CASE("a credential comes and goes with the configuration") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make({{kRegions, "us-south"}, {kCredentials, "team"}});
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "mistake"}}, 1);
  change(op, config_text() + fmt::format("  - name: team\n    apiKey: {{secretRef: {{name: {}, "
                                         "key: apikey}}}}\n",
                                         kSource));
  eventually("it is handed out", [&] { return cluster().secret(ns, "icr-team") ? "" : "not yet"; });
  CHECK(op.metric("icr_pull_secrets_credential_available", {{"credential", "team"}}) == 1);
  change(op, config_text("retired: [team]"));
  eventually("it is taken away",
             [&] { return cluster().secret(ns, "icr-team") ? "it is there" : ""; });
  CHECK(op.text("/metrics").find("available{credential=\"team\"}") == std::string::npos);
  CHECK(op.text("/metrics").find("rollout_namespaces{credential=\"team\"") == std::string::npos);
}

TEST_CASE("a credential that the operator has no rights for keeps nobody else waiting") {
  Scene scene;
  auto& op = scene.start();
  const auto source = fmt::format("apiKey: {{secretRef: {{name: {}, key: apikey}}}}", kSource);
  change(op, config_text() + "  - name: unknown-to-rbac\n    " + source + "\n");
  expect_refused(op, "may not list and watch Secrets called icr-unknown-to-rbac in all namespaces");
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  change(op, config_text() + "  - name: team\n    apiKey: {secretRef: {name: hidden, key: k}}\n");
  expect_refused(op, "may not list and watch the Secret icr-pull-secrets/hidden");
}

TEST_CASE("what a configuration needs may come after it") {
  Scene scene;
  auto& op = scene.start();
  const auto file = scratch() + "/late-ca.pem";
  change(op, config_text("endpoints: private\nregistry: {caFile: " + file + "}"));
  expect_refused(op, "registry.caFile: " + file + ": can't be opened");
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const auto pem = must_run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                             "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "/dev/null",
                             "-subj", "/CN=late"});
  write_text(file, pem);
  scene.expect_served(ns, {"private.us.icr.io"});
  op.expect_metric(kSuccessful, 1);
  CHECK(op.log_lines(kRefused).size() == 1);

  SECTION("a file of authorities that is replaced is read again") {
    write_text(file, "nonsense");
    expect_refused(op, "iam.caFile or registry.caFile: ");
    write_text(file, pem);
    op.expect_metric(kSuccessful, 1);
  }
}

TEST_CASE("a changed ConfigMap is in force before the kubelet brings it") {
  ConfigMapScene scene;
  auto& op = scene.start_watching();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.put(config_text("endpoints: private"));
  scene.expect_served(ns, {"private.us.icr.io"});
  op.expect_metric(kSuccessful, 1);

  scene.put(config_text("endpoints: privat"));
  expect_refused(op, "endpoints is \"privat\"");
  const auto event = Scene::expect_event("icr-pull-secrets", "ConfigurationRefused");
  CHECK(event["type"] == "Warning");
  CHECK(event["involvedObject"]["kind"] == "ConfigMap");
  CHECK(event["involvedObject"]["name"] == kConfigMap);
  CHECK(event["message"].get<std::string>().find("endpoints is \"privat\"") != std::string::npos);

  must(cluster().api().remove(kConfigMaps + "/" + kConfigMap));
  expect_refused(op, "does not exist any more");
  const auto late = scene.make_in("eu-de");
  scene.expect_served(late, {"private.de.icr.io"});
  scene.put(config_text("endpoints: all"));
  scene.expect_served(late, {"de.icr.io", "private.de.icr.io"});
  op.expect_metric(kSuccessful, 1);
}

}  // namespace reload_test
