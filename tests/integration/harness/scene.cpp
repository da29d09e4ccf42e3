#include "harness/scene.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <random>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"

namespace itest {
namespace {

/// The rights follow from the credentials: every name that a test uses is here.
constexpr auto kCredentialsOfTests = R"(config:
  leaderElection: {enabled: true}
  credentials:
    - name: default
      apiKey: {secretRef: {name: icr-api-key, key: apikey}}
    - name: team
      apiKey: {secretRef: {name: team-key, key: apikey}}
    - name: tokens
      accessToken: {apiKey: {secretRef: {name: team-key, key: apikey}}}
    - name: refreshed
      refreshToken: {apiKey: {secretRef: {name: icr-api-key, key: apikey}}}
    - name: keyless
      trustedProfile: {id: Profile-1}
    - name: profile
      profileKey: {id: Profile-2, secretRef: {name: icr-profile-key, key: apikey}}
    - name: entitled
      basic: {username: cp, hosts: [cp.icr.io], password: {secretRef: {name: entitlement, key: password}}}
    - name: rotating
      serviceId:
        iamId: iam-ServiceId-1
        accountId: 0123456789abcdef0123456789abcdef
        manager: {apiKey: {secretRef: {name: icr-manager, key: apikey}}}
  retired:
    - {name: default, secretName: all-icr-io}
    - {name: entitled, secretName: ibm-entitlement-key}
    - {name: old, secretName: default-icr-io}
    - {name: creds, secretName: ibm-registrycreds}
    - {name: mirrored, secretName: mirrored-pull}
    - {name: eso, secretName: eso-pull}
)";

/// The operator's account and rights, as the chart renders them. `settings`: for helm's --set.
void install_rights(const std::string& settings = "rbac.create=true") {
  const auto rights = rendered({"serviceaccount.yaml", "clusterrole.yaml", "role.yaml",
                                "state-role.yaml", "lease-role.yaml"},
                               {settings});
  must_run({"kubectl", "apply", "--filename", scratch_file("rights.yaml", rights)},
           {"KUBECONFIG=" + environment("KUBECONFIG")});
}

struct World {
  Cluster cluster{environment("KUBECONFIG")};
  Proxy proxy;
  World() {
    must(cluster.api().post("/api/v1/namespaces", {{"metadata", {{"name", kOwn}}}}));
    install_rights();
  }
};

World& world() {
  static World instance;
  return instance;
}

/// Every form in which an API key or a token could come to light. A token is told by its end, too,
/// which is its signature.
std::vector<std::string> forms_of(const std::string& key) {
  constexpr std::size_t kEnd = 24;
  std::vector<std::string> forms{key.substr(key.size() - std::min(key.size(), kEnd)),
                                 icrps::icr::base64_encode(key)};
  for (const auto* const user : {"iamapikey:", "iambearer:", "iamrefresh:", "cp:"}) {
    forms.push_back(icrps::icr::base64_encode(user + key));
  }
  return forms;
}

/// Without what may hold credentials: the data of Secrets.
std::string harmless_part(json list) {
  for (auto& object : list["items"]) object.erase("data");
  return list.dump();
}

std::string random_text() {
  static std::mt19937_64 engine{std::random_device{}()};
  return fmt::format("{:016x}{:016x}", engine(), engine());
}

}  // namespace

Cluster& cluster() {
  return world().cluster;
}

Proxy& proxy() {
  return world().proxy;
}

std::string token_kubeconfig(const std::string& token, const std::string& server) {
  const auto text = fmt::format(
      "apiVersion: v1\n"
      "kind: Config\n"
      "clusters: [{{name: c, cluster: {{server: '{}', certificate-authority: '{}'}}}}]\n"
      "users: [{{name: u, user: {{token: '{}'}}}}]\n"
      "contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n"
      "current-context: x\n",
      server.empty() ? proxy().server() : server, environment("SANDBOX_CA"), token);
  return scratch_file("kubeconfig", text);
}

std::string operator_kubeconfig() {
  static const std::string file = token_kubeconfig(cluster().token(kOwn, kOwn));
  return file;
}

void let_rescue(bool allowed) {
  install_rights(fmt::format("rescue.enabled={}", allowed));
  const json question = {{"apiVersion", "authorization.k8s.io/v1"},
                         {"kind", "SubjectAccessReview"},
                         {"spec",
                          {{"user", fmt::format("system:serviceaccount:{}:{}", kOwn, kOwn)},
                           {"resourceAttributes",
                            {{"namespace", "default"}, {"verb", "list"}, {"resource", "pods"}}}}}};
  eventually("the rights are in force", [&]() -> std::string {
    const auto answer =
        must(cluster().api().post("/apis/authorization.k8s.io/v1/subjectaccessreviews", question));
    return answer["status"]["allowed"] == allowed ? "" : answer.dump();
  });
}

std::string rendered(const std::vector<std::string>& templates,
                     const std::vector<std::string>& settings) {
  std::vector<std::string> command{
      "helm",        "template", kOwn,       environment("ICRPS_CHART"),
      "--namespace", kOwn,       "--values", scratch_file("values.yaml", kCredentialsOfTests)};
  for (const auto& each : templates)
    command.insert(command.end(), {"--show-only", "templates/" + each});
  for (const auto& each : settings) command.insert(command.end(), {"--set", each});
  return must_run(command);
}

Annotations in(const std::string& regions) {
  return {{kRegions, regions}};
}

Scene::Scene() {
  proxy().remove();
  proxy().start_over();
  // A credential that only an earlier test had is told of, in an Event.
  cluster().api().remove("/api/v1/namespaces/" + kOwn + "/configmaps/icr-pull-secrets-status");
  cluster().api().remove("/api/v1/namespaces/" + kOwn + "/events");
  rotate();
}

Scene::~Scene() noexcept(false) {
  if (std::uncaught_exceptions() == 0) {
    finish();
    return;
  }
  try {
    give_up();
  } catch (const std::exception& error) {  // the failure on its way is the one to tell
    std::printf("Not cleaned up: %s\n", error.what());
  }
}

void Scene::finish() {
  proxy().remove();
  if (operator_) stop();
  operator_.reset();
  check_cluster();
  for (const auto& ns : namespaces_) cluster().delete_namespace(ns);
}

void Scene::give_up() {
  proxy().remove();
  show();
  operator_.reset();
  for (const auto& ns : namespaces_) cluster().delete_namespace(ns);
}

void Scene::show() const {
  constexpr std::size_t kLines = 60;
  if (operator_) {
    const auto lines = operator_->log_lines();
    std::printf("The operator's log before the failure:\n");
    for (std::size_t i = lines.size() - std::min(lines.size(), kLines); i < lines.size(); ++i) {
      std::printf("  %s\n", lines[i].dump().c_str());
    }
  }
  const auto requests = proxy().requests();
  std::printf("Its last requests:\n");
  for (std::size_t i = requests.size() - std::min(requests.size(), kLines); i < requests.size();
       ++i) {
    const auto& seen = requests[i];
    std::printf("  %ld ms, %ld ms long: %s %s: %d %s\n", (seen.begun - requests[0].begun) / 1000,
                seen.done == 0 ? -1 : (seen.done - seen.begun) / 1000, seen.method.c_str(),
                seen.path.c_str(), seen.status, seen.rule.c_str());
  }
}

std::string Scene::new_key() {
  return *keys_.insert("Key-" + random_text()).first;
}

void Scene::rotate() {
  key_ = new_key();
  set_source(key_);
}

void Scene::set_source(const std::string& value) {
  cluster().put_secret(kOwn, kSource, {{"apikey", value}});
}

OperatorProcess& Scene::start(OperatorProcess::Options options) {
  launch(std::move(options)).wait_until_ready();
  return *operator_;
}

OperatorProcess& Scene::start_with(const std::string& more_configuration) {
  OperatorProcess::Options options;
  options.config = config_text(more_configuration);
  return start(std::move(options));
}

OperatorProcess& Scene::launch(OperatorProcess::Options options) {
  if (options.kubeconfig.empty() && options.wrapper.empty()) {
    options.kubeconfig = operator_kubeconfig();
  }
  operator_ = std::make_unique<OperatorProcess>(options);
  return *operator_;
}

void Scene::stop() {
  if (!operator_->process().running()) {
    check_log(*operator_);
    operator_.reset();
    return;
  }
  check_text(operator_->text("/metrics"));
  check_text(read_text(fmt::format("/proc/{}/cmdline", operator_->process().pid())));
  const auto code = operator_->terminate();
  {
    INFO("operator's log:\n" << operator_->log());
    CHECK(code == 0);
  }
  check_log(*operator_);
  operator_.reset();
}

void Scene::kill() {
  operator_->kill();
  check_log(*operator_);
  operator_.reset();
}

std::string Scene::make(const Annotations& annotations, const std::string& prefix) {
  namespaces_.push_back(cluster().make_namespace(prefix, annotations));
  return namespaces_.back();
}

std::string Scene::served(const std::string& ns, const Hosts& hosts,
                          const std::string& account) const {
  const auto copy = cluster().secret(ns);
  if (!copy) return ns + " has no copy";
  if (hosts_of(*copy) != hosts) {
    return fmt::format("the copy in {} is for {}", ns, fmt::join(hosts_of(*copy), ", "));
  }
  if (password_of(*copy) != key_) return fmt::format("the copy in {} has another key", ns);
  const auto names = cluster().pull_secrets(ns, account);
  if (std::count(names.begin(), names.end(), kCopy) != 1) {
    return fmt::format("account {} in {} names [{}]", account, ns, fmt::join(names, ", "));
  }
  return {};
}

std::string Scene::bare(const std::string& ns) {
  if (cluster().secret(ns)) return ns + " has a copy";
  const auto accounts = must(cluster().api().get("/api/v1/namespaces/" + ns + "/serviceaccounts"));
  for (const auto& account : accounts["items"]) {
    if (account.value("imagePullSecrets", json::array()).dump().find(kCopy) != std::string::npos) {
      return fmt::format("an account in {} names the copy", ns);
    }
  }
  return {};
}

void Scene::expect_served(const std::string& ns, const Hosts& hosts,
                          const std::string& account) const {
  eventually(ns + " is served", [&] { return served(ns, hosts, account); });
}

void Scene::expect_bare(const std::string& ns) {
  eventually(ns + " is bare", [&] { return bare(ns); });
}

json Scene::expect_event(const std::string& ns, const std::string& reason) {
  json found;
  eventually(fmt::format("{} has an Event {}", ns, reason), [&]() -> std::string {
    const auto events = cluster().events(ns, reason);
    if (events.empty()) return json(cluster().events(ns)).dump();
    found = events.front();
    return {};
  });
  return found;
}

Requests Scene::requests(const std::string& ns) {
  return of(proxy().requests(), ns);
}

void Scene::check_log(OperatorProcess& op) {
  CHECK(op.log_fault() == "");
  check_text(op.log());
}

void Scene::check_cluster() {
  auto looked_through = namespaces_;
  looked_through.push_back(kOwn);
  for (const auto& ns : looked_through) {
    check_text(json(cluster().events(ns)).dump());
    const auto in = "/api/v1/namespaces/" + ns;
    for (const auto* const what : {"/configmaps", "/serviceaccounts"}) {
      check_text(cluster().api().get(in + what).text);
    }
    check_text(harmless_part(must(cluster().api().get(in + "/secrets"))));
  }
}

void Scene::check_text(const std::string& text) const {
  bool clean = true;
  for (const auto& key : keys_) {
    for (const auto& form : forms_of(key)) clean = clean && text.find(form) == std::string::npos;
  }
  INFO(text);
  CHECK(clean);
}

}  // namespace itest
