// How the operator reaches the cluster and proves who it is.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/authority.hpp"
#include "harness/scene.hpp"
#include "icr/base64.hpp"

namespace connection_test {

namespace {

using namespace itest;
using icrps::icr::base64_encode;

std::string pki(const std::string& file) {
  return environment("SANDBOX_DIR") + "/pki/" + file;
}

std::string in_base64(const std::string& file) {
  return base64_encode(read_text(file));
}

/// `cluster` and `user` in flow style, without the braces.
std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return scratch_file("kubeconfig",
                      fmt::format("apiVersion: v1\n"
                                  "kind: Config\n"
                                  "clusters: [{{name: c, cluster: {{{}}}}}]\n"
                                  "users: [{{name: u, user: {{{}}}}}]\n"
                                  "contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n"
                                  "current-context: x\n",
                                  cluster, user));
}

/// To the API server itself: the proxy passes no client certificates on.
std::string direct(const std::string& authority) {
  return fmt::format("server: 'https://127.0.0.1:{}', {}", environment("SANDBOX_API_PORT"),
                     authority);
}

std::string ca_file() {
  return fmt::format("certificate-authority: '{}'", environment("SANDBOX_CA"));
}

/// What the kubelet mounts into a pod.
class PodFiles {
 public:
  PodFiles(const std::string& token, const std::string& ca) : folder_(scratch_file("pod", "")) {
    std::filesystem::remove(folder_);
    std::filesystem::create_directory(folder_);
    write_text(folder_ + "/token", token + "\n");
    write_text(folder_ + "/ca.crt", ca);
    write_text(folder_ + "/namespace", kOwn);
  }

  void rotate(const std::string& token) const { write_text(folder_ + "/token", token); }
  void trust(const std::string& authorities) const { write_text(folder_ + "/ca.crt", authorities); }

  /// A process that sees the files where a pod has them. The mounts are its own.
  [[nodiscard]] std::vector<std::string> wrapper() const {
    return {"unshare",
            "--mount",
            "sh",
            "-euc",
            "from=$1; shift; mount --bind \"$from\" /mnt; mount -t tmpfs none /run; "
            "at=/var/run/secrets/kubernetes.io/serviceaccount; mkdir -p $at; "
            "mount --bind /mnt $at; exec \"$@\"",
            "sh",
            folder_};
  }

 private:
  std::string folder_;
};

OperatorProcess::Options pod_options(const PodFiles& files,
                                     const std::string& port = proxy().port()) {
  OperatorProcess::Options options;
  options.arguments.clear();  // even the namespace comes from the pod
  options.wrapper = files.wrapper();
  options.environment = {"KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=" + port};
  return options;
}

std::string cluster_ca() {
  return read_text(environment("SANDBOX_CA"));
}

/// An account that may do what the operator's may, and goes with its tokens.
std::string make_twin_account() {
  static int number = 0;
  const auto name = fmt::format("twin-{}", ++number);
  cluster().make_account(kOwn, name);
  const json subjects = {{{"kind", "ServiceAccount"}, {"name", name}, {"namespace", kOwn}}};
  const auto reference = [](const char* kind, const std::string& role) {
    return json{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", kind}, {"name", role}};
  };
  const std::string group = "/apis/rbac.authorization.k8s.io/v1";
  must(cluster().api().post(group + "/clusterrolebindings",
                            {{"metadata", {{"name", name}}},
                             {"roleRef", reference("ClusterRole", kOwn + "." + kOwn)},
                             {"subjects", subjects}}));
  must(cluster().api().post(group + "/namespaces/" + kOwn + "/rolebindings",
                            {{"metadata", {{"name", name}}},
                             {"roleRef", reference("Role", kOwn + "-sources")},
                             {"subjects", subjects}}));
  return name;
}

}  // namespace

TEST_CASE("in a pod it uses the service account's token, the cluster's CA and its own namespace") {
  Scene scene;
  const auto token = cluster().token(kOwn, kOwn);
  const PodFiles files(token, cluster_ca());
  auto& op = scene.start(pod_options(files));
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  for (const auto& seen : proxy().requests()) CHECK(token.ends_with(seen.token));
  const auto started = op.log_lines("started").front();
  CHECK(started["namespace"] == kOwn);
  CHECK(started["server"] == "https://127.0.0.1:" + proxy().port());
}

TEST_CASE("in a pod it trusts the cluster's CA only") {
  Scene scene;
  // Any other authority, and be it one of those that the system trusts.
  must_run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "1", "-subj", "/CN=other", "-keyout", scratch() + "/other.key",
            "-out", scratch() + "/other.crt"});
  const PodFiles files(cluster().token(kOwn, kOwn), read_text(scratch() + "/other.crt"));
  auto options = pod_options(files);
  options.environment.push_back("SSL_CERT_FILE=" + environment("SANDBOX_CA"));
  auto& op = scene.launch(options);
  eventually("it reports the certificate", [&]() -> std::string {
    for (const auto& line : op.log_lines("watch interrupted")) {
      if (line["detail"].get<std::string>().find("certificate") != std::string::npos) return {};
    }
    return op.log_so_far();
  });
  CHECK(op.probe("/readyz") == 503);
  CHECK(op.metric("icr_pull_secrets_api_requests_total", {{"code", "tls"}}) >= 1);
  CHECK(proxy().requests().empty());
}

TEST_CASE("the cluster's authority is rotated under a running operator, which needs no restart") {
  Scene scene;
  Proxy road;
  const PodFiles files(cluster().token(kOwn, kOwn), cluster_ca());
  auto& op = scene.start(pod_options(files, road.port()));
  const auto fresh = make_authority("IP:127.0.0.1");

  // The server is first: nothing is reached until the file follows.
  road.show(fresh.server);
  const auto untrusted = scene.make_in("us-south");
  eventually("it tells why", [&]() -> std::string {
    for (const auto& line : op.log_lines("watch interrupted")) {
      if (line["detail"].get<std::string>().find("certificate") != std::string::npos) return {};
    }
    return op.log_so_far();
  });
  files.trust(cluster_ca() + fresh.pem);
  auto took = eventually("it is served", [&] { return scene.served(untrusted); }, 60s);
  WARN("served " << took.count() << " ms after the new authority was in the file");

  // The file holds both for a while: back and forth is as good.
  const auto pki_text = read_text(pki("kube-apiserver.crt")) + read_text(pki("kube-apiserver.key"));
  road.show(pki_text);
  scene.expect_served(scene.make_in("us-south"));
  files.trust(fresh.pem);
  road.show(fresh.server);
  const auto after = scene.make_in("us-south");
  eventually("it is served", [&] { return scene.served(after); }, 60s);
  CHECK(op.probe("/readyz") == 200);
}

TEST_CASE("in a pod without a mounted service account it ends with 2 and says why") {
  const auto pod = refused_run(
      {.environment = {"KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=6443"},
       .wrapper = {"unshare", "--mount", "sh", "-euc", "mount -t tmpfs none /run; exec \"$@\"",
                   "sh"}});
  CHECK(pod.exit_code == 2);
  CHECK(pod.err.find("automountServiceAccountToken") != std::string::npos);

  const auto nowhere = refused_run({});
  CHECK(nowhere.exit_code == 2);
  CHECK(nowhere.err.find("neither --kubeconfig FILE nor KUBECONFIG is given") != std::string::npos);
}

TEST_CASE("a kubeconfig works with a client certificate or a token, inline or as files") {
  const std::size_t kind = GENERATE(0U, 1U, 2U, 3U);
  const auto cluster_part =
      direct(kind % 2 == 0 ? ca_file()
                           : "certificate-authority-data: " + in_base64(environment("SANDBOX_CA")));
  Scene scene;
  const auto token = cluster().token(kOwn, kOwn);
  const std::vector<std::string> users{
      fmt::format("client-certificate: '{}', client-key: '{}'", pki("admin.crt"), pki("admin.key")),
      fmt::format("client-certificate-data: {}, client-key-data: {}", in_base64(pki("admin.crt")),
                  in_base64(pki("admin.key"))),
      fmt::format("token: '{}'", token),
      fmt::format("tokenFile: '{}'", scratch_file("token", token + "\n"))};
  INFO(users[kind].substr(0, 40));
  scene.start({.kubeconfig = kubeconfig(cluster_part, users[kind])});
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
}

TEST_CASE("KUBECONFIG is used when no --kubeconfig is given") {
  Scene scene;
  OperatorProcess::Options options;
  options.environment = {"KUBECONFIG=" + operator_kubeconfig()};
  options.wrapper = {"env"};
  scene.start(options);
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
}

TEST_CASE("any other way to log in is refused with exit code 2 and says what is accepted") {
  struct Refused {
    std::string cluster;
    std::string user;
    std::string message;
  };
  const std::string accepted = "accepted: a client certificate and key or a token";
  const auto token = std::string("token: t");
  const std::vector<Refused> table{
      {direct(ca_file()),
       "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}",
       accepted},
      {direct(ca_file()), "auth-provider: {name: oidc}", accepted},
      {direct(ca_file()), "auth-provider: {name: gcp}", "accepted: oidc, or an exec plugin"},
      {direct(ca_file()), "username: me, password: hunter2hunter2", accepted},
      {direct(ca_file()), "token: t, as: somebody", accepted},
      {direct(ca_file()), "", accepted},
      {direct(ca_file()), "client-certificate: /nowhere", "accepted: both or neither"},
      {direct("insecure-skip-tls-verify: true"), token, "accepted: certificate-authority"},
      {direct(ca_file() + ", proxy-url: 'socks5://me:hunter2@proxy:3128'"), token,
       "proxy-url names a proxy of the kind socks5, which is not supported"},
      {"server: 'ftp://x', " + ca_file(), token, "accepted: "},
      {direct("certificate-authority: /nowhere/ca.crt"), token, "/nowhere/ca.crt"},
      {direct(ca_file()), "tokenFile: /nowhere/token", "/nowhere/token"},
  };
  for (const auto& row : table) {
    INFO(row.cluster << " | " << row.user);
    const auto run = refused_run({.kubeconfig = kubeconfig(row.cluster, row.user)});
    CHECK(run.exit_code == 2);
    CHECK(run.err.starts_with("icr-pull-secrets: "));
    INFO(run.err);
    CHECK(run.err.find(row.message) != std::string::npos);
    CHECK(run.err.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a configuration that makes no sense ends it with 2, file, line and what is accepted") {
  OperatorProcess::Options options{.kubeconfig = operator_kubeconfig(),
                                   .config = config_text("regoins: {}")};
  auto run = refused_run(options);
  CHECK(run.exit_code == 2);
  INFO(run.err);
  CHECK(run.err.find("config.yaml:3: unknown key \"regoins\" (did you mean \"regions\"?); "
                     "accepted: ") != std::string::npos);
  options.config = config_text("workers: many");
  run = refused_run(options);
  CHECK(run.exit_code == 2);
  CHECK(run.err.find("accepted: a whole number from 1 to 64") != std::string::npos);
  options = {.kubeconfig = operator_kubeconfig(), .listen = "nonsense"};
  run = refused_run(options);
  CHECK(run.exit_code == 2);
  CHECK(run.err.find("accepted: ADDRESS:PORT") != std::string::npos);
}

TEST_CASE("the service account's token is read again as it rotates") {
  Scene scene;
  const auto account = make_twin_account();
  const auto first = cluster().token(kOwn, account);
  const PodFiles files(first, cluster_ca());
  auto& op = scene.start(pod_options(files));
  const auto before = scene.make_in("us-south");
  scene.expect_served(before);
  CHECK(first.ends_with(Scene::requests(before).front().token));

  // The account goes, and with it the first token; the file gets one of another account.
  const auto second = cluster().token(kOwn, make_twin_account());
  files.rotate(second);
  must(cluster().api().remove("/api/v1/namespaces/" + kOwn + "/serviceaccounts/" + account));
  eventually(
      "the first token is refused",
      [&] {
        Api as_operator(token_kubeconfig(first));
        return as_operator.get("/api/v1/serviceaccounts?limit=1").status == 401 ? "" : "accepted";
      },
      30s);

  proxy().start_over();
  const auto after = scene.make_in("us-south");
  const auto took = eventually("it is served", [&] { return scene.served(after); }, 90s);
  WARN("served " << took.count() << " ms after the rotation");
  const auto requests = Scene::requests(after);
  CHECK(second.ends_with(requests.back().token));
  op.expect_metric("icr_pull_secrets_problems_total", 0);
}

}  // namespace connection_test
