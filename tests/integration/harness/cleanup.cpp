#include "harness/cleanup.hpp"

#include <fmt/format.h>
#include <set>

namespace itest {
namespace {

constexpr auto kRetired =
    "retired: [team, tokens, refreshed, keyless, profile, entitled, rotating]";

const std::string kOwnObjects = "/namespaces/" + kOwn;

json items(const std::string& target) {
  return must(cluster().api().get(target))["items"];
}

std::string place_of(const json& object) {
  return object["metadata"]["namespace"].get<std::string>() + "/" +
         object["metadata"]["name"].get<std::string>();
}

}  // namespace

std::string cleanup_config() {
  return config_text(kRetired);
}

HookRights::HookRights() {
  const auto values =
      scratch_file("cleanup-values.yaml", fmt::format("config: {{{}}}\n", kRetired));
  const auto rendered = must_run(
      {"helm", "template", kOwn, environment("ICRPS_CHART"), "--namespace", kOwn, "--values",
       values, "--set", "cleanup.onUninstall=true", "--show-only", "templates/cleanup-role.yaml"});
  file_ = scratch_file("cleanup-rights.yaml", rendered);
  must_run({"kubectl", "apply", "--filename", file_}, {"KUBECONFIG=" + environment("KUBECONFIG")});
}

HookRights::~HookRights() {
  run_command({"kubectl", "delete", "--filename", file_},
              {"KUBECONFIG=" + environment("KUBECONFIG")});
}

std::vector<std::string> cleanup_command(std::vector<std::string> arguments,
                                         const std::string& config_file) {
  std::vector<std::string> command{environment("ICRPS_OPERATOR"), "cleanup"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto file =
      config_file.empty() ? scratch_file("cleanup.yaml", cleanup_config()) : config_file;
  const std::vector<std::string> common{"--config",    file, "--kubeconfig", operator_kubeconfig(),
                                        "--namespace", kOwn};
  command.insert(command.end(), common.begin(), common.end());
  return command;
}

Finished cleanup(std::vector<std::string> arguments, const std::string& config_file) {
  return run_command(cleanup_command(std::move(arguments), config_file));
}

std::string traces() {
  std::string found;
  const auto add = [&](const std::string& what) { found += what + "\n"; };
  std::set<std::string> foreign;
  for (const auto& secret : items("/api/v1/secrets")) {
    const auto labels = secret["metadata"].value("labels", json::object());
    if (labels.value("app.kubernetes.io/managed-by", "") == "icr-pull-secrets") {
      add("Secret " + place_of(secret));
    } else {
      foreign.insert(place_of(secret));
    }
  }
  for (const auto& account : items("/api/v1/serviceaccounts")) {
    const auto ns = account["metadata"]["namespace"].get<std::string>();
    for (const auto& entry : account.value("imagePullSecrets", json::array())) {
      const auto name = entry["name"].get<std::string>();
      if (name.starts_with("icr-") && !foreign.contains(ns + "/" + name)) {
        add(fmt::format("{} in account {}", name, place_of(account)));
      }
    }
  }
  for (const auto& target :
       {"/api/v1" + kOwnObjects + "/configmaps/icr-pull-secrets-status",
        "/apis/coordination.k8s.io/v1" + kOwnObjects + "/leases/icr-pull-secrets"}) {
    if (cluster().api().get(target).status != 404) add(target);
  }
  return found;
}

}  // namespace itest
