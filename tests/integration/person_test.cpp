// Reaching the cluster as a person does: with plugins, and with several files put together.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"

namespace person_test {

namespace {

using namespace itest;

constexpr int kFailure = 1;
constexpr int kUsage = 2;

std::string script(const std::string& text) {
  const auto file = scratch_file("plugin", "#!/bin/sh\n" + text);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return file;
}

/// A plugin that gives this token, and counts how often it is asked.
std::string token_plugin(const std::string& token, const std::string& count) {
  return script(
      fmt::format("echo asked >> {}\ncat <<END\n"
                  R"({{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
                  R"("status":{{"token":"{}","expirationTimestamp":"2100-01-01T00:00:00Z"}}}})"
                  "\nEND\n",
                  count, token));
}

std::string clusters() {
  return fmt::format(
      "clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:{}', "
      "certificate-authority: '{}'}}}}]\n",
      environment("SANDBOX_API_PORT"), environment("SANDBOX_CA"));
}

std::string contexts(const std::string& user) {
  return fmt::format("contexts: [{{name: x, context: {{cluster: c, user: {}}}}}]\n", user) +
         "current-context: x\n";
}

std::string plugin_user(const std::string& program) {
  return fmt::format(
      "users: [{{name: u, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, "
      "command: '{}', interactiveMode: IfAvailable}}}}}}]\n",
      program);
}

/// Any rights will do that `status` has: those of the operator.
Finished status(const std::vector<std::string>& environment_of_child,
                const std::vector<std::string>& more = {}) {
  std::vector<std::string> command{environment("ICRPS_OPERATOR"),
                                   "status",
                                   "--namespace",
                                   kOwn,
                                   "--config",
                                   scratch_file("config.yaml", iam_config(api_key())),
                                   "-o",
                                   "json"};
  command.insert(command.end(), more.begin(), more.end());
  return run_command(command, environment_of_child);
}

std::size_t lines_of(const std::string& file) {
  const auto text = read_text(file);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a person's plugin is asked once, and its token is good at the API server") {
  const IamScene scene;
  const auto count = scratch_file("count", "");
  const auto plugin = token_plugin(cluster().token(kOwn, kOwn), count);
  const auto file = scratch_file("kubeconfig", clusters() + contexts("u") + plugin_user(plugin));
  const auto done = status({"KUBECONFIG=" + file});
  INFO(done.out << done.err);
  CHECK(json::accept(done.out));
  CHECK(done.err.empty());
  CHECK(lines_of(count) == 1);
}

TEST_CASE("files of KUBECONFIG are put together, and the one at home is found") {
  const IamScene scene;
  const auto count = scratch_file("count", "");
  const auto plugin = token_plugin(cluster().token(kOwn, kOwn), count);
  const auto first = scratch_file("kubeconfig", contexts("u"));
  const auto second = scratch_file("kubeconfig", clusters());
  const auto third = scratch_file("kubeconfig", plugin_user(plugin));
  const auto done =
      status({fmt::format("KUBECONFIG={}:/no/such/file:{}:{}", first, second, third)});
  INFO(done.out << done.err);
  CHECK(json::accept(done.out));
  const auto chosen = status({"KUBECONFIG=" + first}, {"--context", "y"});
  CHECK(chosen.exit_code == kUsage);
  CHECK_THAT(chosen.err, Catch::Contains("there is no context called \"y\"; accepted: \"x\""));

  const auto home = scratch() + "/home";
  std::filesystem::create_directories(home + "/.kube");
  write_text(home + "/.kube/config", clusters() + contexts("u") + plugin_user(plugin));
  const auto at_home = status({"HOME=" + home});
  INFO(at_home.out << at_home.err);
  CHECK(json::accept(at_home.out));
}

TEST_CASE("a plugin that is no good ends the command with a sentence") {
  const auto with = [](const std::string& program) {
    return status({"KUBECONFIG=" +
                   scratch_file("kubeconfig", clusters() + contexts("u") + plugin_user(program))});
  };
  const auto missing = with("no-such-plugin-of-ours");
  CHECK(missing.exit_code == kUsage);
  CHECK_THAT(missing.err, Catch::Contains("the plugin \"no-such-plugin-of-ours\" is not there"));
  const auto flood = with(script("exec head -c 1000000000 /dev/zero\n"));
  CHECK(flood.exit_code == kUsage);
  CHECK_THAT(flood.err, Catch::Contains("printed too much and was killed"));
  const auto wrong = with(token_plugin("not-a-token", scratch_file("count", "")));
  CHECK(wrong.exit_code == kFailure);
  CHECK_THAT(wrong.err, Catch::Contains("Unauthorized"));
}

TEST_CASE("as a plugin of kubectl it shows what a Secret of the cluster holds") {
  IamScene scene;
  scene.start_for(api_key());
  const auto ns = scene.make_in("us-south");
  scene.expect_password(ns, scene.key());
  const auto folder = scratch() + "/plugins";
  std::filesystem::create_directories(folder);
  std::filesystem::create_symlink(std::filesystem::absolute(environment("ICRPS_OPERATOR")),
                                  folder + "/kubectl-icr_pull");
  const auto kubectl = [&folder](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"kubectl", "icr-pull"});
    return run_command(arguments, {"KUBECONFIG=" + environment("KUBECONFIG"),
                                   "PATH=" + folder + ":" + environment("PATH")});
  };
  const std::string image = "us.icr.io/team/app:1";
  const auto done = kubectl({"inspect", "-n", ns, kCopy, "--image", image, "-o", "json"});
  INFO(done.out << done.err);
  REQUIRE(done.exit_code == 0);
  const auto report = json::parse(done.out);
  CHECK(report["entries"][0]["key"] == "us.icr.io");
  CHECK(report["entries"][0]["username"] == "iamapikey");
  CHECK(report["images"][0]["kubelet"][0]["key"] == "us.icr.io");
  CHECK_THAT(report["madeBy"].get<std::string>(), Catch::StartsWith("icr-pull-secrets, revision "));
  CHECK(done.out.find(scene.key()) == std::string::npos);
  CHECK(kubectl({"inspect", ns + "/" + kCopy}).exit_code == 0);

  const auto missing = kubectl({"inspect", ns + "/no-such-secret"});
  CHECK(missing.exit_code == kFailure);
  CHECK_THAT(missing.err, Catch::Contains("no-such-secret"));
  const auto context = kubectl({"inspect", ns + "/" + kCopy, "--context", "nowhere"});
  CHECK(context.exit_code == kFailure);
  CHECK_THAT(context.err, Catch::Contains("there is no context called \"nowhere\""));
  CHECK_THAT(kubectl({"doctor", "--help"}).out, Catch::Contains("kubectl icr-pull doctor"));
}

TEST_CASE("the operator itself takes no person's login") {
  const auto file =
      scratch_file("kubeconfig", clusters() + contexts("u") + plugin_user("/no/such/plugin"));
  const auto done = run_command({environment("ICRPS_OPERATOR"), "run", "--kubeconfig", file,
                                 "--config", scratch_file("config.yaml", iam_config(api_key()))});
  CHECK(done.exit_code == kUsage);
  CHECK_THAT(done.err, Catch::Contains(".exec is a person's login, which a program that runs by "
                                       "itself can't use"));
}

}  // namespace person_test
