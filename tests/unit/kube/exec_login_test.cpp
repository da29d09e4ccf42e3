// The login of an exec plugin, with a plugin that is a function; real programs are in
// tests/conformance/plugins_test.cpp.
#include "kube/exec_login.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "kube/connection.hpp"
#include "runtime/timestamp.hpp"
#include "unit/support/fake_clock.hpp"

namespace exec_login_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

config::ExecPlugin a_plugin() {
  config::ExecPlugin plugin;
  plugin.where = "k:1: users[0].user.exec";
  plugin.api_version = "client.authentication.k8s.io/v1";
  plugin.command = "login";
  plugin.arguments = {"a b"};
  plugin.environment = {{"WHO", "me"}};
  return plugin;
}

/// Plays the plugin: gives token-1, token-2, …, each for an hour.
struct Stage {
  test::FakeClock clock;
  std::vector<ChildOrder> orders;
  ChildEnd::Kind kind = ChildEnd::Kind::kExited;
  int code = 0;
  bool forever = false;
  bool terminal = false;

  PluginRunner runner() {
    PluginRunner runner;
    runner.environment = {"PATH=/bin", "WHO=you", "KUBERNETES_EXEC_INFO=old"};
    runner.terminal = terminal;
    runner.run = [this](const ChildOrder& order) {
      orders.push_back(order);
      if (kind != ChildEnd::Kind::kExited || code != 0) return ChildEnd{kind, code, {}};
      json status{{"token", "token-" + std::to_string(orders.size())}};
      if (!forever) status["expirationTimestamp"] = rfc3339(clock.wall() + 1h);
      return ChildEnd{kind, 0,
                      SecretString(json{
                          {"apiVersion", "client.authentication.k8s.io/v1"},
                          {"kind", "ExecCredential"},
                          {"status",
                           status}}.dump())};
    };
    return runner;
  }
  ExecLogin login(const config::ExecPlugin& plugin) {
    return {plugin, PluginCluster{"https://h", "", "", "", ""}, clock, runner()};
  }
};

bool has(const ChildOrder& order, const std::string& entry) {
  return std::count(order.environment.begin(), order.environment.end(), entry) == 1;
}

}  // namespace

TEST_CASE("a plugin is asked once until what it gave expires", "[kube][exec]") {
  Stage stage;
  auto login = stage.login(a_plugin());
  CHECK(login.authorization()->reveal() == "Bearer token-1");
  stage.clock.advance(59min);
  CHECK(login.authorization()->reveal() == "Bearer token-1");
  stage.clock.advance(59s);
  CHECK(login.authorization()->reveal() == "Bearer token-2");
  CHECK(stage.orders.size() == 2);
  stage.kind = ChildEnd::Kind::kTooLong;
  stage.clock.advance(2h);
  CHECK(login.authorization()->reveal() == "Bearer token-2");  // the API server judges
}

TEST_CASE("what a plugin gave without an end is kept", "[kube][exec]") {
  Stage stage;
  stage.forever = true;
  auto login = stage.login(a_plugin());
  for (int i = 0; i < 3; ++i) {
    CHECK(login.authorization()->reveal() == "Bearer token-1");
    stage.clock.advance(24h);
  }
}

TEST_CASE("a plugin gets its words and variables as they stand", "[kube][exec]") {
  Stage stage;
  auto plugin = a_plugin();
  plugin.wants_cluster = true;
  REQUIRE(stage.login(plugin).refresh());
  const auto& order = stage.orders.front();
  CHECK(order.command == "login");
  CHECK(order.arguments == std::vector<std::string>{"a b"});
  CHECK(has(order, "PATH=/bin"));
  CHECK(has(order, "WHO=me"));
  CHECK_FALSE(has(order, "WHO=you"));
  CHECK(has(order,
            "KUBERNETES_EXEC_INFO=" +
                exec_info(plugin.api_version, false, PluginCluster{"https://h", "", "", "", ""})));
}

TEST_CASE("a plugin may use the terminal if there is one and it wants to", "[kube][exec]") {
  using config::PluginInput;
  struct Case {
    PluginInput input;
    bool terminal, interactive;
  };
  for (const auto& [input, terminal, interactive] :
       std::vector<Case>{{PluginInput::kNever, true, false},
                         {PluginInput::kIfAvailable, true, true},
                         {PluginInput::kIfAvailable, false, false},
                         {PluginInput::kAlways, true, true}}) {
    Stage stage;
    stage.terminal = terminal;
    auto plugin = a_plugin();
    plugin.input = input;
    REQUIRE(stage.login(plugin).refresh());
    CHECK(stage.orders.front().at_terminal == interactive);
  }
  Stage stage;
  auto plugin = a_plugin();
  plugin.input = PluginInput::kAlways;
  CHECK_THAT(stage.login(plugin).refresh().error(), Contains("needs a person at a terminal"));
  CHECK(stage.orders.empty());
}

TEST_CASE("it is said how a plugin failed", "[kube][exec]") {
  using Kind = ChildEnd::Kind;
  struct Case {
    Kind kind;
    int code;
    std::string what;
  };
  for (const auto& [kind, code, what] :
       std::vector<Case>{{Kind::kExited, 7, "ended with exit code 7"},
                         {Kind::kSignal, 9, "was ended by signal 9"},
                         {Kind::kNotFound, 2, "is not there"},
                         {Kind::kNotStarted, 13, "can't be started: Permission denied"},
                         {Kind::kTooLong, 0, "took longer than 60 s and was killed"},
                         {Kind::kTooMuch, 0, "printed too much and was killed"}}) {
    Stage stage;
    stage.kind = kind;
    stage.code = code;
    auto plugin = a_plugin();
    CHECK(stage.login(plugin).refresh().error() ==
          "k:1: users[0].user.exec: the plugin \"login\" " + what);
    plugin.install_hint = "see\nour site";
    CHECK(stage.login(plugin).refresh().error() ==
          "k:1: users[0].user.exec: the plugin \"login\" " + what +
              "; its hint: \"see\\nour site\"");
  }
}

TEST_CASE("an id-token is used until it ends", "[kube][exec]") {
  const test::FakeClock clock;
  config::Cluster cluster;
  cluster.server = "https://h";
  const auto with = [&](const std::string& token) {
    cluster.id_token = config::IdToken{"k:1: users[0].user.auth-provider", SecretString(token)};
    return transport_options(cluster, clock);
  };
  const std::string future = "e30.eyJleHAiOjE3OTU0MTQ4NDV9.x";  // {"exp":1795414845}
  const std::string past = "e30.eyJleHAiOjE3OTU0MTQ4NDR9.x";    // {"exp":1795414844}
  CHECK(with(future)->authorization()->reveal() == "Bearer " + future);
  CHECK(with("opaque")->authorization()->reveal() == "Bearer opaque");
  CHECK_THAT(with(past).error(),
             Contains("its id-token expired at 2026-11-23T06:20:44Z; run any kubectl command"));
  CHECK_THAT(with("").error(), Contains("has no id-token; run any kubectl command"));
}

}  // namespace exec_login_test
