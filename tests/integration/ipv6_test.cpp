// A pod that has no address but one of IPv6.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/authority.hpp"
#include "harness/iam_scene.hpp"
#include "icr/base64.hpp"

namespace ipv6_test {

namespace {

using namespace itest;

constexpr auto kOutside = "fd00:c0de::1";  // the sandbox's end of the cable
constexpr auto kInside = "fd00:c0de::2";

/// A network of its own for the operator: a cable with IPv6 alone, and no 127.0.0.1 either.
class OnlyIpv6 {
 public:
  OnlyIpv6() {
    must_run({"ip", "link", "add", "only6", "type", "veth", "peer", "name", "pod6"});
    must_run(
        {"ip", "-6", "address", "add", fmt::format("{}/64", kOutside), "dev", "only6", "nodad"});
    must_run({"ip", "link", "set", "only6", "up"});
  }
  ~OnlyIpv6() { run_command({"ip", "link", "delete", "only6"}); }
  OnlyIpv6(const OnlyIpv6&) = delete;
  OnlyIpv6& operator=(const OnlyIpv6&) = delete;

  /// All names of IAM and the registries lead to the other end.
  [[nodiscard]] static std::vector<std::string> wrapper() {
    const auto hosts = scratch_file(
        "hosts", fmt::format("{} iam.cloud.ibm.com us.icr.io de.icr.io icr.io\n", kOutside));
    const auto script = fmt::format(
        "mount --bind \"$1\" /etc/hosts; shift; ip link set lo up; "
        "ip -4 address flush dev lo; until ip link show pod6 >/dev/null 2>&1; do sleep 0.05; done; "
        "ip -6 address add {}/64 dev pod6 nodad; ip link set pod6 up; exec \"$@\"",
        kInside);
    return {"unshare", "--net", "--mount", "sh", "-euc", script, "sh", hosts};
  }

  static void plug_into(pid_t pid) {
    must_run({"ip", "link", "set", "pod6", "netns", std::to_string(pid)});
  }
};

std::string kubeconfig_at(const std::string& server, const std::string& authority) {
  return scratch_file(
      "kubeconfig",
      fmt::format("apiVersion: v1\n"
                  "kind: Config\n"
                  "clusters: [{{name: c, cluster: {{server: '{}', "
                  "certificate-authority-data: '{}'}}}}]\n"
                  "users: [{{name: u, user: {{token: '{}'}}}}]\n"
                  "contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n"
                  "current-context: x\n",
                  server, icrps::icr::base64_encode(authority), cluster().token(kOwn, kOwn)));
}

}  // namespace

TEST_CASE("where there is IPv6 alone it reaches API server, IAM and registries, and is probed") {
  IamScene scene;
  const OnlyIpv6 network;
  Proxy road(fmt::format("[{}]:0", kOutside));
  const auto authority = make_authority(fmt::format("IP:{}", kOutside));
  road.show(authority.server);
  OperatorProcess::Options options;
  options.config = iam_config(access_token());
  options.kubeconfig = kubeconfig_at(road.server(), authority.pem);
  options.wrapper = OnlyIpv6::wrapper();
  options.listen = "[::]:0";
  options.host = kInside;
  auto& op = scene.launch(options);
  OnlyIpv6::plug_into(op.process().pid());
  op.wait_until_ready();
  const auto ns = scene.make_in("us-south");
  eventually("it has a token that was proved", [&]() -> std::string {
    const auto copy = cluster().secret(ns);
    if (!copy) return "no copy; " + op.log_so_far();
    return hosts_of(*copy) == Hosts{"us.icr.io"} ? std::string() : copy->dump();
  });
  CHECK(iam().token_calls() == 1);
  CHECK(op.probe("/livez") == 200);
  CHECK(op.text("/metrics").find("icr_pull_secrets_build_info") != std::string::npos);
}

}  // namespace ipv6_test
