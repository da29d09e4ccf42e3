#include "config/kubeconfig.hpp"

#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"
#include "scratch.hpp"

namespace kubeconfig_test {

using namespace icrps;
using namespace icrps::config;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

std::string pem(const std::string& what) {
  return "-----BEGIN " + what + "-----\nAAAA\n-----END " + what + "-----\n";
}
std::string encoded_pem(const std::string& what) {
  return icr::base64_encode(pem(what));
}

const std::string kServer = "    server: https://api.example:6443\n";

/// `cluster` and `user` are what stands below these keys, four blanks deep. The cluster's begins in
/// line 7; the user's in the line after the context and the cluster.
std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\nclusters:\n- name: c\n  cluster:\n" +
         cluster + "contexts:\n- name: here\n  context: {cluster: c, user: u, namespace: ops}\n" +
         "users:\n- name: u\n  user:\n" + user;
}

Cluster parsed(const std::string& text) {
  const auto cluster = parse_kubeconfig(text, "/home/ops/.kube/config");
  if (!cluster) FAIL(cluster.error().message);
  return *cluster;
}

std::string error_of(const std::string& text) {
  const auto cluster = parse_kubeconfig(text, "kubeconfig");
  return cluster ? "" : cluster.error().message;
}

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

constexpr const char* kSupported =
    "accepted: a client certificate and key or a token, inline or as files, an exec plugin, or the "
    "auth-provider oidc";
constexpr const char* kForServices =
    "accepted: a client certificate and key or a token, inline or as files; for example those of "
    "a service account";

}  // namespace

TEST_CASE("a kubeconfig with everything inline is read", "[config][kubeconfig]") {
  const Cluster cluster = parsed(
      kubeconfig(kServer + "    certificate-authority-data: " + encoded_pem("CERTIFICATE") + "\n",
                 "    client-certificate-data: " + encoded_pem("CERTIFICATE") +
                     "\n    client-key-data: " + encoded_pem("EC PRIVATE KEY") + "\n"));
  CHECK(cluster.server == "https://api.example:6443");
  CHECK(cluster.ca.inline_pem.reveal() == pem("CERTIFICATE"));
  CHECK(cluster.ca.file.empty());
  CHECK(cluster.client_certificate.inline_pem.reveal() == pem("CERTIFICATE"));
  CHECK(cluster.client_key.inline_pem.reveal() == pem("EC PRIVATE KEY"));
  CHECK(cluster.token.empty());
  CHECK(cluster.token_file.empty());
  CHECK(cluster.server_name.empty());
  CHECK(cluster.ns == "ops");
}

TEST_CASE("files of a kubeconfig are named, relative to its folder", "[config][kubeconfig]") {
  const Cluster cluster =
      parsed(kubeconfig(kServer + "    certificate-authority: ../ca.crt\n",
                        "    client-certificate: pki/me.crt\n    client-key: /etc/me.key\n"
                        "    tokenFile: ./token\n"));
  CHECK(cluster.ca.file == "/home/ops/ca.crt");
  CHECK(cluster.ca.inline_pem.empty());
  CHECK(cluster.client_certificate.file == "/home/ops/.kube/pki/me.crt");
  CHECK(cluster.client_key.file == "/etc/me.key");
  CHECK(cluster.token_file == "/home/ops/.kube/token");
}

TEST_CASE("data in a kubeconfig wins over a file", "[config][kubeconfig]") {
  const Cluster cluster = parsed(
      kubeconfig(kServer + "    certificate-authority: ca.crt\n    certificate-authority-data: " +
                     encoded_pem("CERTIFICATE") + "\n",
                 "    token: t\n"));
  CHECK(cluster.ca.inline_pem.reveal() == pem("CERTIFICATE"));
  CHECK(cluster.ca.file.empty());
}

TEST_CASE("a kubeconfig may hold a token, a token file or both", "[config][kubeconfig]") {
  const Cluster cluster =
      parsed(kubeconfig(kServer, "    token: eyJh.b-c_d.e~+/=\n    tokenFile: /t\n"));
  CHECK(cluster.token.reveal() == "eyJh.b-c_d.e~+/=");
  CHECK(cluster.token_file == "/t");
  CHECK(parsed(kubeconfig(kServer, "    token: t\n")).token_file.empty());
  CHECK(parsed(kubeconfig(kServer, "    tokenFile: /t\n")).token.empty());
}

TEST_CASE("only the current context of a kubeconfig matters", "[config][kubeconfig]") {
  const std::string text = R"(apiVersion: v1
kind: Config
preferences: {colors: true}
extensions: [{name: x, extension: {a: 1}}]
current-context: "two"
clusters:
- {name: one, cluster: {server: "http://elsewhere"}}
- {name: two, cluster: {server: "https://two.example/", tls-server-name: "api.two", extensions: []}}
contexts:
- {name: one, context: {cluster: one, user: one}}
- {name: two, context: {cluster: two, user: two}}
users:
- {name: one, user: {exec: {command: login}}}
- {name: two, user: {token: t, exec: null, username: "", as-groups: []}}
)";
  const Cluster cluster = parsed(text);
  CHECK(cluster.server == "https://two.example");
  CHECK(cluster.server_name == "api.two");
  CHECK(cluster.token.reveal() == "t");
  CHECK(cluster.ns.empty());
}

TEST_CASE("a kubeconfig may be JSON", "[config][kubeconfig]") {
  CHECK(parsed(R"({
	"kind": "Config", "apiVersion": "v1", "current-context": "c",
	"clusters": [{"name": "c", "cluster": {"server": "https://h", "insecure-skip-tls-verify": false}}],
	"contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
	"users": [{"name": "c", "user": {"token": "t"}}]
})")
            .server == "https://h");
}

TEST_CASE("servers of a kubeconfig", "[config][kubeconfig]") {
  const auto user = "    token: t\n"s;
  for (const char* url :
       {"https://h", "https://10.96.0.1:443", "https://rancher.example/k8s/clusters/c-1",
        "http://127.0.0.1:8001", "http://localhost:8001", "http://[::1]:8001", "https://[::1]:6443",
        "https://[fd00:10:96::1]", "https://api.example.:6443", "https://api_1.example"}) {
    CHECK(parsed(kubeconfig("    server: '"s + url + "'\n", user)).server == url);
  }
  for (const auto& [url, read] :
       std::map<std::string, std::string>{{"api.example:6443", "https://api.example:6443"},
                                          {"api.example", "https://api.example"},
                                          {"[::1]:6443", "https://[::1]:6443"},
                                          {"10.0.0.1:6443/", "https://10.0.0.1:6443"},
                                          {"HTTPS://API.Example:6443/", "https://api.example:6443"},
                                          {"https://h:", "https://h"},
                                          {"https://[FD00::1]:6443", "https://[fd00::1]:6443"}}) {
    CHECK(parsed(kubeconfig("    server: '"s + url + "'\n", user)).server == read);
  }
  struct Case {
    std::string url, why;
  };
  for (const auto& [url, why] : std::vector<Case>{
           {"api.example/path", "\"api.example/path\", with a path and without https://"},
           {"ftp://api.example", "\"ftp://api.example\", without https://"},
           {"http://api.example", "\"http://api.example\", without encryption"},
           {"http://127.0.0.1.example", "\"http://127.0.0.1.example\", without encryption"},
           {"http://[::2]:6443", "\"http://[::2]:6443\", without encryption"},
           {"https://[::1", "\"https://[::1\", which is not an address"},
           {"https://[h]:1", "\"https://[h]:1\", which is not an address"},
           {"https://::1", "\"https://::1\", which is not an address"},
           {"https://[::1]x", "\"https://[::1]x\", which is not an address"},
           {"https://[fe80::1%25eth0]", "\"https://[fe80::1%25eth0]\", which is not an address"},
           {"https://h..", "\"https://h..\", which is not an address"},
           {"https://.", "\"https://.\", which is not an address"},
           {"https://", "\"https://\", which is not an address"},
           {"https://h:0", "\"https://h:0\", which is not an address"},
           {"https://h:1:2", "\"https://h:1:2\", which is not an address"},
           {"https://h/?a=b", "\"https://h/?a=b\", which is not an address"},
           {"https://h/a b", "\"https://h/a b\", which is not an address"}}) {
    DYNAMIC_SECTION(url) {
      CHECK(error_of(kubeconfig("    server: '" + url + "'\n", user)) ==
            "kubeconfig:7: clusters[0].cluster.server is " + why + "; accepted: https://HOST:PORT");
    }
  }
  CHECK(error_of(kubeconfig("    server: https://me:5ecret@h\n", user)) ==
        "kubeconfig:7: clusters[0].cluster.server holds a user name; accepted: https://HOST:PORT");
  CHECK(error_of(kubeconfig("    tls-server-name: x\n", user)) ==
        "kubeconfig:7: clusters[0].cluster.server is missing; accepted: https://HOST:PORT");
}

TEST_CASE("a local plain server needs no credentials", "[config][kubeconfig]") {
  CHECK(parsed(kubeconfig("    server: http://127.0.0.1:8001\n", "    {}\n")).token.empty());
  CHECK(parsed("current-context: c\nclusters: [{name: c, cluster: {server: 'http://localhost'}}]\n"
               "contexts: [{name: c, context: {cluster: c}}]\n")
            .server == "http://localhost");
}

TEST_CASE("what a kubeconfig may not hold is named with what to do instead",
          "[config][kubeconfig]") {
  constexpr const char* kPem = "; accepted: a PEM file in padded base64";
  struct Case {
    std::string cluster, user, message;
  };
  for (
      const auto& [cluster, user, message] : std::vector<Case>{
          {kServer, "    auth-provider: {name: gcp}\n",
           "14: users[0].user.auth-provider is \"gcp\", which is not supported, as in kubectl "
           "since "
           "1.26; accepted: oidc, or an exec plugin"},
          {kServer, "    auth-provider: {name: oidc, config: {id-token: \"5e c\"}}\n",
           "14: users[0].user.auth-provider.config.id-token holds blanks, line ends or characters "
           "that are not ASCII; accepted: the token alone"},
          {kServer, "    username: me\n    password: 5ecret\n",
           "14: users[0].user.username is not supported; "s + kSupported},
          {kServer, "    password: 5ecret\n",
           "14: users[0].user.password is not supported; "s + kSupported},
          {kServer, "    token: t\n    as: admin\n",
           "15: users[0].user.as is not supported; "s + kSupported},
          {kServer, "    token: t\n    as-groups: ['system:masters']\n",
           "15: users[0].user.as-groups is not supported; "s + kSupported},
          {kServer, "    token: t\n    as-uid: '1'\n",
           "15: users[0].user.as-uid is not supported; "s + kSupported},
          {kServer, "    token: t\n    as-user-extra: {a: [b]}\n",
           "15: users[0].user.as-user-extra is not supported; "s + kSupported},
          {kServer + "    insecure-skip-tls-verify: true\n", "    token: t\n",
           "8: clusters[0].cluster.insecure-skip-tls-verify is not supported; accepted: "
           "certificate-authority or -data with the CA"},
          {kServer + "    proxy-url: socks5://me:5ecret@proxy\n", "    token: t\n",
           "8: clusters[0].cluster.proxy-url names a proxy of the kind socks5, which is not "
           "supported; accepted: http://[USER:PASSWORD@]HOST:PORT"},
          {kServer + "    tls-server-name: a b\n", "    token: t\n",
           "8: clusters[0].cluster.tls-server-name is not a DNS name; accepted: a DNS name"},
          {kServer, "    {}\n",
           "10: contexts[0].context leads to a user without credentials; "s + kForServices},
          {kServer, "    token: ''\n",
           "10: contexts[0].context leads to a user without credentials; "s + kForServices},
          {kServer, "    client-certificate: a\n",
           "14: users[0].user has a client certificate without its key; accepted: both or neither"},
          {kServer, "    client-key: a\n",
           "14: users[0].user has a client key without its certificate; accepted: both or neither"},
          {kServer, "    client-certificate: a\n    client-key-data: '*'\n",
           "15: users[0].user.client-key-data is not base64"s + kPem},
          {kServer, "    client-certificate: a\n    client-key-data: NWVjcmV0\n",
           "15: users[0].user.client-key-data is not a PEM file"s + kPem},
          {kServer + "    certificate-authority-data: NWVj=\n", "    token: t\n",
           "8: clusters[0].cluster.certificate-authority-data is not base64"s + kPem},
          {kServer + "    certificate-authority-data: NWVj\n", "    token: t\n",
           "8: clusters[0].cluster.certificate-authority-data is not a PEM file"s + kPem},
          {kServer, "    token: 5\n",
           "14: users[0].user.token is a number (put it in quotes if it is meant); accepted: text"},
          {kServer, "    token: [5ecret]\n", "14: users[0].user.token is a list; accepted: text"},
          {kServer, "    token: \"5ecret\\nX-Evil: 1\"\n",
           "14: users[0].user.token holds blanks, line ends or characters that are not ASCII; "
           "accepted: the token alone"},
          {kServer, "    token: \"5ecr\xc3\xa9t\"\n",
           "14: users[0].user.token holds blanks, line ends or characters that are not ASCII; "
           "accepted: the token alone"},
          {kServer, "    text\n", "14: users[0].user is text; accepted: a map"},
          {kServer, "    token: a\n    token: b\n",
           "15: the key \"token\" is already in line 14; accepted: every key once"}}) {
    DYNAMIC_SECTION(cluster << user) {
      const std::string text = kubeconfig(cluster, user);
      CHECK(error_of(text) == "kubeconfig:" + message);
      CHECK_THAT(error_of(text), !Contains("5ec") && !Contains("NWV"));
    }
  }
}

TEST_CASE("the parts of a kubeconfig must fit together", "[config][kubeconfig]") {
  struct Case {
    std::string text, message;
  };
  const std::string clusters = "clusters: [{name: c, cluster: {server: 'https://h'}}]\n";
  const std::string users = "users: [{name: u, user: {token: t}}]\n";
  const std::string contexts = "contexts: [{name: c, context: {cluster: c, user: u}}]\n";
  for (const auto& [text, message] : std::vector<Case>{
           {"", ": is empty; accepted: a kubeconfig"},
           {"- a\n", ":1: the document is a list; accepted: a map"},
           {"kind: Pod\n", ":1: kind is \"Pod\", so this is not a kubeconfig; accepted: Config"},
           {"kind: Config\napiVersion: v2\n", ":2: apiVersion is \"v2\"; accepted: v1"},
           {contexts + clusters + users,
            ": has no current-context; accepted: --context NAME, or a file where `kubectl config "
            "use-context` has chosen one"},
           {"current-context: ''\n",
            ": has no current-context; accepted: --context NAME, or a file where `kubectl config "
            "use-context` has chosen one"},
           {"current-context: d\n" + contexts,
            ":1: there is no context called \"d\"; accepted: \"c\""},
           {"current-context: d\n",
            ":1: there is no context called \"d\"; accepted: a file that has one"},
           {"current-context: d\ncontexts: {}\n", ":2: contexts is a map; accepted: a list"},
           {"current-context: d\ncontexts: [d]\n", ":2: contexts[0] is text; accepted: a map"},
           {"current-context: c\ncontexts: [{name: c}]\n",
            ":2: contexts[0] has no context; accepted: context: {…}"},
           {"current-context: c\ncontexts: [{name: c, context: {user: u}}]\n",
            ":2: contexts[0].context names no cluster; accepted: cluster: NAME"},
           {"current-context: c\n" + contexts + users,
            ":1: there is no cluster called \"c\"; accepted: a file that has one"},
           {"current-context: c\n" + contexts + clusters,
            ":1: there is no user called \"u\"; accepted: a file that has one"},
           {"current-context: c\n" + contexts + clusters +
                "users:\n- {name: u, user: {token: t}}\n- {name: u, user: {token: s}}\n",
            ":6: users[1].user is the second user called \"u\"; accepted: every name once"},
           {"current-context: c\n" + clusters + users +
                "contexts: [{name: c, context: {cluster: c, user: u, namespace: A_b}}]\n",
            ":4: contexts[0].context.namespace is not the name of a namespace; accepted: a DNS "
            "label"}}) {
    DYNAMIC_SECTION(message << " / " << text.size()) {
      CHECK(error_of(text) == "kubeconfig" + message);
    }
  }
  std::string many = "current-context: x\ncontexts:\n";
  for (int i = 0; i < 1000; ++i) many += "- {name: c" + std::to_string(i) + "}\n";
  CHECK_THAT(error_of(many), EndsWith("\"c8\", \"c9\", …"));
}

TEST_CASE("base64 in a kubeconfig may run over several lines", "[config][kubeconfig]") {
  std::string data = encoded_pem("CERTIFICATE");
  data.insert(20, "\n      ");
  const Cluster cluster = parsed(kubeconfig(
      kServer + "    certificate-authority-data: |\n      " + data + "\n", "    token: t\n"));
  CHECK(cluster.ca.inline_pem.reveal() == pem("CERTIFICATE"));
}

TEST_CASE("a kubeconfig is loaded from a file", "[config][kubeconfig]") {
  const Scratch scratch;
  const std::string file =
      scratch.file("sub/config", kubeconfig(kServer, "    tokenFile: token\n"));
  const auto cluster = load_kubeconfig(file);
  REQUIRE(cluster);
  CHECK(cluster->token_file == scratch.path() + "/sub/token");
  CHECK(load_kubeconfig(scratch.path() + "/none").error().message ==
        scratch.path() + "/none: can't be opened: No such file or directory");
}

TEST_CASE("KUBECONFIG names files", "[config][kubeconfig]") {
  using Paths = std::vector<std::string>;
  const auto paths = [](const std::string& value) {
    return kubeconfig_paths(environment({{"KUBECONFIG", value}}));
  };
  CHECK(kubeconfig_paths(environment({})).empty());
  CHECK(paths("").empty());
  CHECK(paths("::").empty());
  CHECK(paths("/a/b c") == Paths{"/a/b c"});
  CHECK(paths(":relative:") == Paths{"relative"});
  CHECK(paths("/a::/b:c") == Paths{"/a", "/b", "c"});
}

TEST_CASE("inside a pod the service account is used", "[config][in_cluster]") {
  const Scratch scratch;
  scratch.file("ca.crt", pem("CERTIFICATE"));
  scratch.file("token", "t");
  const auto in = [&](const std::string& host, const std::string& port) {
    return in_cluster(
        environment({{"KUBERNETES_SERVICE_HOST", host}, {"KUBERNETES_SERVICE_PORT", port}}),
        scratch.path());
  };

  SECTION("by its files, which are named and not read") {
    scratch.file("namespace", "icr-pull-secrets\n");
    const auto cluster = in("10.96.0.1", "443");
    REQUIRE(cluster);
    CHECK(cluster->server == "https://10.96.0.1:443");
    CHECK(cluster->ca.file == scratch.path() + "/ca.crt");
    CHECK(cluster->ca.inline_pem.empty());
    CHECK(cluster->token_file == scratch.path() + "/token");
    CHECK(cluster->token.empty());
    CHECK(cluster->client_key.empty());
    CHECK(cluster->ns == "icr-pull-secrets");
  }
  SECTION("without a namespace file") {
    CHECK(in("10.96.0.1", "443")->ns.empty());
  }
  SECTION("an IPv6 address") {
    CHECK(in("fd00:10:96::1", "6443")->server == "https://[fd00:10:96::1]:6443");
  }
  SECTION("a name stays") {
    CHECK(in("api.internal", "6443")->server == "https://api.internal:6443");
  }
  SECTION("nonsense in the environment is refused") {
    for (const auto& [host, port] : std::map<std::string, std::string>{{"10.96.0.1", "https"},
                                                                       {"10.96.0.2", "0"},
                                                                       {"a b", "443"},
                                                                       {"a/b", "443"},
                                                                       {"::g", "443"},
                                                                       {"[::1]", "443"}}) {
      CHECK_THAT(in(host, port).error().message, EndsWith("are not an address"));
    }
  }
  SECTION("nonsense in the namespace file is refused") {
    const std::string file = scratch.file("namespace", "A\nB");
    CHECK(in("10.96.0.1", "443").error().message ==
          file + ": \"A\\nB\" is not the name of a namespace");
  }
  SECTION("a missing token is named") {
    std::filesystem::remove(scratch.path() + "/token");
    CHECK_THAT(in("10.96.0.1", "443").error().message,
               StartsWith(scratch.path() + "/token: No such file or directory; ") &&
                   Contains("automountServiceAccountToken: false"));
  }
  SECTION("a missing CA is named") {
    std::filesystem::remove(scratch.path() + "/ca.crt");
    CHECK_THAT(in("10.96.0.1", "443").error().message, StartsWith(scratch.path() + "/ca.crt: "));
  }
}

TEST_CASE("outside a pod it is said how to name a cluster", "[config][in_cluster]") {
  for (const auto& env : {environment({}), environment({{"KUBERNETES_SERVICE_HOST", "h"}}),
                          environment({{"KUBERNETES_SERVICE_PORT", "443"}})}) {
    CHECK_THAT(in_cluster(env).error().message,
               StartsWith("no cluster to talk to: neither --kubeconfig FILE nor KUBECONFIG"));
  }
}

}  // namespace kubeconfig_test
