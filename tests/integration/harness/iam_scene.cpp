#include "harness/iam_scene.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

namespace itest {
namespace {

const std::string kRecord = "/api/v1/namespaces/" + kOwn + "/configmaps/icr-pull-secrets-status";

std::string item(const std::string& name, const std::string& source, const std::string& limits) {
  std::string text = fmt::format("  - name: {}\n    {}\n", name, source);
  if (!limits.empty()) text += fmt::format("    {}\n", limits);
  return text;
}

}  // namespace

std::string iam_config(const std::string& credentials, const std::string& more) {
  const bool has_iam = more.find("iam:") != std::string::npos;
  return fmt::format(
      "apiVersion: icr-pull-secrets/v1alpha1\n"
      "kind: OperatorConfiguration\n"
      "{}"
      "registry: {{caFile: {}}}\n"
      "{}\n"
      "credentials:\n"
      "{}",
      has_iam ? std::string() : fmt::format("iam: {{caFile: {}}}\n", iam().ca_file()),
      iam().ca_file(), more, credentials);
}

std::string api_key(const std::string& name, const std::string& source, const std::string& limits) {
  return item(name, fmt::format("apiKey: {{secretRef: {{name: {}, key: apikey}}}}", source),
              limits);
}

std::string access_token(const std::string& name, const std::string& source,
                         const std::string& limits) {
  return item(
      name,
      fmt::format("accessToken: {{apiKey: {{secretRef: {{name: {}, key: apikey}}}}}}", source),
      limits);
}

IamScene::IamScene() {
  iam().reset();
  iam().add_key(key());
}

IamScene::~IamScene() noexcept(false) {
  collect();
}

/// Every password of a copy that there is now.
void IamScene::collect() {
  for (const auto& ns : namespaces()) {
    const auto list = cluster().api().get("/api/v1/namespaces/" + ns + "/secrets").body();
    for (const auto& secret : list.value("items", json::array())) {
      const auto config = docker_config(secret);
      if (!config.contains("auths")) continue;
      for (const auto& [host, entry] : config["auths"].items()) {
        guard(entry.value("password", std::string()));
      }
    }
  }
}

OperatorProcess& IamScene::launch_for(const std::string& credentials, const std::string& more) {
  failures_seen_ = 0;
  OperatorProcess::Options options;
  options.config = iam_config(credentials, more);
  return launch(std::move(options));
}

OperatorProcess& IamScene::start_for(const std::string& credentials, const std::string& more) {
  auto& op = launch_for(credentials, more);
  op.wait_until_ready();
  return op;
}

std::string IamScene::put_key(const std::string& source, const json& more) {
  auto key = new_key();
  iam().add_key(key, more);
  cluster().put_secret(kOwn, source, {{"apikey", key}});
  return key;
}

std::string IamScene::put_wrong_key(const std::string& source) {
  auto key = new_key();
  cluster().put_secret(kOwn, source, {{"apikey", key}});
  return key;
}

void IamScene::touch(const std::string& source) {
  static int number = 0;
  must(cluster().api().merge(
      "/api/v1/namespaces/" + kOwn + "/secrets/" + source,
      {{"metadata", {{"annotations", {{"touched", std::to_string(++number)}}}}}}));
}

std::optional<Login> IamScene::login(const std::string& ns, const std::string& credential) {
  const auto copy = cluster().secret(ns, copy_of(credential));
  if (!copy) return std::nullopt;
  const auto config = docker_config(*copy);
  if (!config.contains("auths")) return std::nullopt;
  std::optional<Login> found;
  for (const auto& [host, entry] : config["auths"].items()) {
    Login login{entry.value("username", ""), entry.value("password", "")};
    guard(login.password);
    if (found && !(*found == login)) return std::nullopt;
    found = std::move(login);
  }
  return found;
}

Login IamScene::expect_login(const std::string& ns, const std::string& user,
                             const std::string& credential) {
  Login result;
  eventually(fmt::format("{} has a login of {}", ns, user), [&]() -> std::string {
    const auto found = login(ns, credential);
    if (!found) return "there is no copy";
    if (found->user != user) return "it is one of " + found->user;
    result = *found;
    return {};
  });
  return result;
}

Login IamScene::expect_new_login(const std::string& ns, const Login& before,
                                 const std::string& credential) {
  Login result;
  eventually(ns + " has a new login", [&]() -> std::string {
    const auto found = login(ns, credential);
    if (!found) return "there is no copy";
    if (found->password == before.password) return "it is the one from before";
    result = *found;
    return {};
  });
  return result;
}

void IamScene::expect_password(const std::string& ns, const std::string& password,
                               const std::string& credential) {
  eventually(ns + " has the right password", [&]() -> std::string {
    const auto found = login(ns, credential);
    if (!found) return "there is no copy";
    return found->password == password ? "" : "it has another one";
  });
}

void IamScene::expect_none(const std::string& ns, const std::string& credential) {
  eventually(fmt::format("{} has nothing of {}", ns, credential), [&]() -> std::string {
    if (cluster().secret(ns, copy_of(credential))) return "it has a copy";
    for (const auto& name : cluster().pull_secrets(ns, "default")) {
      if (name == copy_of(credential)) return "its account names the copy";
    }
    return {};
  });
}

json IamScene::expect_source_event(const std::string& reason, const std::string& text) {
  json found;
  eventually(fmt::format("an Event {} says: {}", reason, text), [&]() -> std::string {
    for (const auto& event : cluster().events(kOwn, reason)) {
      if (event["message"].get<std::string>().find(text) == std::string::npos) continue;
      found = event;
      return {};
    }
    return json(cluster().events(kOwn)).dump();
  });
  return found;
}

void IamScene::expect_failure(const std::string& text) {
  eventually("the log tells of a failure: " + text, [&]() -> std::string {
    const auto lines = op().log_lines("credential not proved");
    for (auto i = failures_seen_; i < lines.size(); ++i) {
      if (lines[i].value("detail", "").find(text) == std::string::npos) continue;
      failures_seen_ = i + 1;
      return {};
    }
    return op().log_so_far();
  });
}

json recorded(const std::string& credential) {
  const auto answer = cluster().api().get(kRecord);
  if (!answer.ok()) return {};
  const auto data = answer.body().value("data", json::object());
  const auto text = data.value(credential + ".json", "");
  auto value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json() : value;
}

void expect_recorded(const std::string& field, const std::string& value,
                     const std::string& credential) {
  eventually(fmt::format("{} is recorded as {}", field, value), [&]() -> std::string {
    const auto now = recorded(credential);
    if (!now.is_object()) return "nothing is";
    return now.value(field, "") == value ? std::string() : "it is not: " + now.dump();
  });
}

}  // namespace itest
