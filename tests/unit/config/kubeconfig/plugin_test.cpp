// Logins of persons in a kubeconfig: exec plugins and the auth-provider oidc.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "config/kubeconfig.hpp"

namespace plugin_test {

using namespace icrps;
using namespace icrps::config;

namespace {

std::string with_user(const std::string& user, const std::string& cluster = "") {
  return "current-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n"
         "clusters: [{name: c, cluster: {server: 'https://h'" +
         cluster + "}}]\nusers:\n- name: u\n  user:\n" + user;
}

std::string plugin(const std::string& lines) {
  return with_user("    exec:\n" + lines);
}

const std::string kV1 = "      apiVersion: client.authentication.k8s.io/v1\n";
const std::string kMode = "      interactiveMode: IfAvailable\n";
const std::string kLogin = "      command: login\n";

Cluster read(const std::string& text) {
  const auto cluster = parse_kubeconfig(text, "/home/me/.kube/config");
  if (!cluster) FAIL(cluster.error().message);
  return *cluster;
}

std::string why_not(const std::string& text) {
  const auto cluster = parse_kubeconfig(text, "k");
  return cluster ? "" : cluster.error().message;
}

}  // namespace

TEST_CASE("an exec plugin is read with all that it is given", "[config][kubeconfig]") {
  const auto cluster = read(plugin(kV1 + R"(      command: ./bin/login
      args: [get-token, --cluster, 'a b', "$HOME;x"]
      env: [{name: A, value: "1"}, {name: B}]
      installHint: get it from our site
      interactiveMode: Never
      provideClusterInfo: true
)"));
  REQUIRE(cluster.plugin);
  const auto& login = *cluster.plugin;
  CHECK(login.where == "/home/me/.kube/config:8: users[0].user.exec");
  CHECK(login.api_version == "client.authentication.k8s.io/v1");
  CHECK(login.command == "/home/me/.kube/bin/login");
  CHECK(login.arguments == std::vector<std::string>{"get-token", "--cluster", "a b", "$HOME;x"});
  CHECK(login.environment ==
        std::vector<std::pair<std::string, std::string>>{{"A", "1"}, {"B", ""}});
  CHECK(login.install_hint == "get it from our site");
  CHECK(login.input == PluginInput::kNever);
  CHECK(login.wants_cluster);
  CHECK(read(plugin(kV1 + kMode + kLogin)).plugin->command == "login");
  CHECK(read(plugin(kV1 + kMode + "      command: /bin/x\n")).plugin->command == "/bin/x");
}

TEST_CASE("v1beta1 need not say whether it is interactive", "[config][kubeconfig]") {
  const auto beta = "      apiVersion: client.authentication.k8s.io/v1beta1\n" + kLogin;
  CHECK(read(plugin(beta)).plugin->input == PluginInput::kIfAvailable);
  CHECK(read(plugin(beta + "      interactiveMode: Always\n")).plugin->input ==
        PluginInput::kAlways);
}

TEST_CASE("what the cluster says to its plugin is kept as JSON", "[config][kubeconfig]") {
  const auto cluster = read(
      with_user("    exec: {apiVersion: client.authentication.k8s.io/v1, command: a, "
                "interactiveMode: Never}\n",
                ", extensions: [{name: x, extension: 1}, {name: client.authentication.k8s.io/exec, "
                "extension: {audience: a, n: 5, on: true, list: [1.5, null, \"7\"]}}]"));
  CHECK(cluster.plugin_config == R"({"audience":"a","list":[1.5,null,"7"],"n":5,"on":true})");
}

TEST_CASE("the id-token of an auth-provider oidc is read", "[config][kubeconfig]") {
  const auto cluster = read(with_user(R"(    auth-provider:
      name: oidc
      config:
        client-id: kube
        client-secret: kube
        id-token: a.b.c
        idp-issuer-url: https://iam.cloud.ibm.com/identity
        refresh-token: r
)"));
  REQUIRE(cluster.id_token);
  CHECK(cluster.id_token->token.reveal() == "a.b.c");
  CHECK(cluster.id_token->where == "/home/me/.kube/config:8: users[0].user.auth-provider");
  CHECK(cluster.token.empty());
  CHECK(read(with_user("    auth-provider: {name: oidc}\n")).id_token->token.empty());
}

TEST_CASE("a token goes before a plugin, as in kubectl", "[config][kubeconfig]") {
  const std::string text = plugin(kV1 + kMode + kLogin);
  for (const std::string& token :
       std::vector<std::string>{"    token: t\n", "    tokenFile: t\n"}) {
    CHECK_FALSE(read(text + token).plugin);
    CHECK_FALSE(read(with_user("    auth-provider: {name: oidc}\n" + token)).id_token);
  }
}

TEST_CASE("a login that makes no sense is refused with its place", "[config][kubeconfig]") {
  const std::string versions = "; accepted: client.authentication.k8s.io/v1 or …/v1beta1";
  struct Case {
    std::string text, message;
  };
  for (const auto& [text, message] : std::vector<Case>{
           {plugin(kLogin + kMode), "8: users[0].user.exec names the version \"\"" + versions},
           {plugin("      apiVersion: client.authentication.k8s.io/v1alpha1\n" + kLogin),
            "8: users[0].user.exec.apiVersion names the version "
            "\"client.authentication.k8s.io/v1alpha1\"" +
                versions},
           {plugin(kV1 + kMode),
            "8: users[0].user.exec names no command; accepted: command: PROGRAM"},
           {plugin(kV1 + kLogin),
            "8: users[0].user.exec says no interactiveMode; accepted: Never, IfAvailable or "
            "Always"},
           {plugin(kV1 + kMode + kLogin + "      args: login\n"),
            "11: users[0].user.exec.args is text; accepted: a list"},
           {plugin(kV1 + kMode + kLogin + "      args: [5]\n"),
            "11: users[0].user.exec.args[0] is a number (put it in quotes if it is meant); "
            "accepted: text"},
           {plugin(kV1 + kMode + "      command: \"a\\0b\"\n"),
            "10: users[0].user.exec.command holds a byte 0; accepted: text"},
           {plugin(kV1 + kMode + kLogin + "      env: [{name: 'A=B', value: c}]\n"),
            "11: users[0].user.exec.env[0] has no name that a variable can have; accepted: name: "
            "NAME, value: TEXT"},
           {with_user("    auth-provider: {name: oidc}\n    exec: {command: a}\n"),
            "8: users[0].user.exec stands beside auth-provider; accepted: one of the two"}}) {
    DYNAMIC_SECTION(message) {
      CHECK(why_not(text) == "k:" + message);
    }
  }
}

TEST_CASE("a program that runs by itself refuses a person's login", "[config][kubeconfig]") {
  const std::string told =
      " is a person's login, which a program that runs by itself can't use; accepted: a client "
      "certificate and key or a token, inline or as files; for example those of a service account";
  CHECK(personal_login(read(plugin(kV1 + kMode + kLogin)))->message ==
        "/home/me/.kube/config:8: users[0].user.exec" + told);
  CHECK(personal_login(read(with_user("    auth-provider: {name: oidc}\n")))->message ==
        "/home/me/.kube/config:7: users[0].user.auth-provider" + told);
  CHECK_FALSE(personal_login(read(with_user("    token: t\n"))));
}

}  // namespace plugin_test
