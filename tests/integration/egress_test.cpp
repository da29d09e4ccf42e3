// IAM and the registries behind an HTTP proxy.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"

namespace egress_test {

namespace {

using namespace itest;

constexpr auto kProxyAddress = "127.0.0.1:3128";
const std::string kProxyPassword = "pr0xy-hunter2-0123456789";

/// The distribution's tinyproxy, which wants to know who asks.
class Tinyproxy {
 public:
  Tinyproxy()
      : log_(scratch_file("tinyproxy.log", {})),
        process_(
            {{"tinyproxy", "-d", "-c",
              scratch_file("tinyproxy.conf",
                           fmt::format("Port 3128\nListen 127.0.0.1\nTimeout 600\n"
                                       "Allow 127.0.0.1\nConnectPort 443\nConnectPort {}\n"
                                       "BasicAuth me {}\nLogFile \"{}\"\nLogLevel Connect\n",
                                       environment("SANDBOX_API_PORT"), kProxyPassword, log_))},
             {},
             scratch_file("tinyproxy.out", {}),
             scratch_file("tinyproxy.err", {})}) {
    const bool up = wait_for(
        [] {
          const auto listening = run_command({"ss", "-Hltn", "sport", "=", ":3128"}).out;
          return listening.empty() ? std::string("not yet") : std::string();
        },
        10s);
    if (!up) throw std::runtime_error("tinyproxy does not start");
  }

  /// Whether it was asked for a tunnel to there.
  [[nodiscard]] bool asked_for(const std::string& host, const std::string& port = "443") const {
    return read_text(log_).find("CONNECT " + host + ":" + port) != std::string::npos;
  }

 private:
  std::string log_;
  Process process_;
};

/// Nobody here knows a name: only the proxy does.
std::vector<std::string> without_names() {
  const auto hosts = scratch_file("hosts", "127.0.0.1 localhost\n");
  return {"unshare", "--mount", "sh", "-euc", "mount --bind \"$1\" /etc/hosts; shift; exec \"$@\"",
          "sh",      hosts};
}

Finished verify_by(const std::string& config, const std::vector<std::string>& environment_of) {
  auto command = without_names();
  command.insert(
      command.end(),
      {environment("ICRPS_OPERATOR"), "verify", "--config", scratch_file("config.yaml", config),
       "--kubeconfig", operator_kubeconfig(), "--namespace", kOwn, "--host", "us.icr.io"});
  return run_command(command, environment_of);
}

}  // namespace

TEST_CASE("by a proxy of the environment it reaches IAM and registries, not the API server") {
  IamScene scene;
  const Tinyproxy proxy;
  scene.guard(kProxyPassword);
  OperatorProcess::Options options;
  options.config = iam_config(access_token());
  options.environment = {fmt::format("HTTPS_PROXY=http://me:{}@{}", kProxyPassword, kProxyAddress)};
  options.kubeconfig = operator_kubeconfig();
  options.wrapper = without_names();
  auto& op = scene.launch(options);
  op.wait_until_ready();
  const auto ns = scene.make_in("us-south");
  eventually("it has a token that was proved", [&]() -> std::string {
    const auto copy = cluster().secret(ns);
    return copy ? std::string() : "no copy; " + op.log_so_far();
  });
  CHECK(iam().token_calls() == 1);
  CHECK(proxy.asked_for("iam.cloud.ibm.com"));
  eventually("the registry is asked, too",
             [&] { return proxy.asked_for("us.icr.io") ? std::string() : op.log_so_far(); });
  CHECK_FALSE(proxy.asked_for("127.0.0.1", environment("SANDBOX_API_PORT")));
}

TEST_CASE("the API server is reached by a proxy when its kubeconfig says so") {
  Scene scene;
  const Tinyproxy proxy;
  scene.guard(kProxyPassword);
  const auto port = environment("SANDBOX_API_PORT");
  const auto kubeconfig = scratch_file(
      "kubeconfig", fmt::format("apiVersion: v1\n"
                                "kind: Config\n"
                                "clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:{}', "
                                "certificate-authority: '{}', proxy-url: 'http://me:{}@{}'}}}}]\n"
                                "users: [{{name: u, user: {{token: '{}'}}}}]\n"
                                "contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n"
                                "current-context: x\n",
                                port, environment("SANDBOX_CA"), kProxyPassword, kProxyAddress,
                                cluster().token(kOwn, kOwn)));
  scene.start({.kubeconfig = kubeconfig});
  scene.expect_served(scene.make_in("us-south"));
  CHECK(proxy.asked_for("127.0.0.1", port));
}

TEST_CASE("verify tells by which road it asked, and what a proxy refuses") {
  IamScene scene;
  const Tinyproxy proxy;
  const auto login = scratch_file("proxy-login", "me:" + kProxyPassword + "\n");
  const auto by =
      fmt::format("proxy: {{url: 'http://{}', credentialsFile: {}}}\n", kProxyAddress, login);
  const auto good = verify_by(iam_config(access_token(), by), {"HTTPS_PROXY=http://127.0.0.1:1"});
  INFO(good.out << good.err);
  CHECK(good.exit_code == 0);
  CHECK(good.out.find(fmt::format("by proxy {}", kProxyAddress)) != std::string::npos);

  const auto refused =
      verify_by(iam_config(access_token()), {fmt::format("HTTPS_PROXY={}", kProxyAddress)});
  INFO(refused.out << refused.err);
  CHECK(refused.exit_code == 3);
  CHECK(refused.out.find("the proxy answers 407: user and password are missing or wrong") !=
        std::string::npos);

  const auto around =
      verify_by(iam_config(access_token()),
                {fmt::format("HTTPS_PROXY={}", kProxyAddress), "NO_PROXY=.icr.io,cloud.ibm.com"});
  CHECK(around.exit_code == 3);  // nobody knows the names
  CHECK(around.out.find("can't be resolved") != std::string::npos);

  const auto senseless =
      verify_by(iam_config(access_token()), {"HTTPS_PROXY=socks5://me:pw1234@x"});
  CHECK(senseless.exit_code == 2);
  CHECK(senseless.err.find("socks5, which is not supported") != std::string::npos);
  for (const auto& run : {good, refused, around, senseless}) {
    CHECK((run.out + run.err).find(kProxyPassword) == std::string::npos);
    CHECK((run.out + run.err).find("pw1234") == std::string::npos);
  }
}

}  // namespace egress_test
