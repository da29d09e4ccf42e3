// What somebody with full rights inside of his namespace can do to others by way of the operator,
// and what its account could do in the hands of a thief.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>

#include "config/kubeconfig.hpp"
#include "harness/fence.hpp"
#include "harness/measure.hpp"
#include "harness/rotation_scene.hpp"
#include "icr/base64.hpp"

namespace tenancy_test {

namespace {

using namespace itest;

const std::string kTeam = "team";
const std::string kTeamKey = "team-key";
const std::string kManagedBy = "app.kubernetes.io/managed-by";
const std::string kPullSecretType = "kubernetes.io/dockerconfigjson";
const std::string kEmptyConfig = icrps::icr::base64_encode("{\"auths\":{}}");

std::string path_of(const std::string& ns) {
  return "/api/v1/namespaces/" + ns;
}

/// Past the proxy, which sees the operator's requests only.
std::string api_server_address() {
  return icrps::config::load_kubeconfig(environment("KUBECONFIG"))->server;
}

json labels_of(const std::string& credential) {
  return {{kManagedBy, "icr-pull-secrets"},
          {"app.kubernetes.io/name", "icr-pull-secrets"},
          {"icr-pull-secrets/credential", credential}};
}

/// As the operator would write it, but empty.
json forged_copy(const std::string& credential, const json& annotations = json::object()) {
  return {{"metadata",
           {{"name", copy_of(credential)},
            {"labels", labels_of(credential)},
            {"annotations", annotations}}},
          {"type", kPullSecretType},
          {"data", {{".dockerconfigjson", kEmptyConfig}}}};
}

/// Somebody with every right inside of a namespace, its own annotations and labels included.
class Tenant {
 public:
  explicit Tenant(const std::string& ns) : ns_(ns), api_(kubeconfig(ns)) {
    // The API server hears of new rights by a watch of its own.
    eventually("the tenant's rights are in force", [&] {
      const auto answer = api_.merge(path() + "?dryRun=All", json::object());
      return answer.ok() ? std::string() : answer.text;
    });
  }

  [[nodiscard]] Api& api() { return api_; }
  [[nodiscard]] std::string path(const std::string& rest = {}) const { return path_of(ns_) + rest; }

  void annotate(const json& annotations) {
    must(api_.merge(path(), {{"metadata", {{"annotations", annotations}}}}));
  }
  void create_secret(const json& body) { must(api_.post(path("/secrets"), body)); }
  void edit_secret(const std::string& name, const json& patch) {
    must(api_.merge(path("/secrets/" + name), patch));
  }
  void edit_account(const json& patch) {
    must(api_.merge(path("/serviceaccounts/default"), patch));
  }

 private:
  static std::string kubeconfig(const std::string& ns) {
    const std::string roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + ns;
    cluster().make_account(ns, "tenant");
    must(cluster().api().post(
        roles + "/roles",
        {{"metadata", {{"name", "tenant"}}},
         {"rules", {{{"apiGroups", {"*"}}, {"resources", {"*"}}, {"verbs", {"*"}}}}}}));
    must(cluster().api().post(
        roles + "/rolebindings",
        {{"metadata", {{"name", "tenant"}}},
         {"roleRef",
          {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", "tenant"}}},
         {"subjects", {{{"kind", "ServiceAccount"}, {"name", "tenant"}, {"namespace", ns}}}}}));
    return token_kubeconfig(cluster().token(ns, "tenant"), api_server_address());
  }

  const std::string ns_;
  Api api_;
};

/// Whoever comes after whatever happened so far is served, so that all of it was dealt with.
void let_pass(IamScene& scene) {
  scene.expect_served(scene.make_in("us-south"));
}

/// Where in the namespace this credential is, in whatever Secret.
std::string holders_of(const std::string& ns, const std::string& credential) {
  std::string found;
  const auto list = must(cluster().api().get(path_of(ns) + "/secrets"));
  for (const auto& secret : list["items"]) {
    const auto data = secret.value("data", json::object());
    for (const auto& [key, value] : data.items()) {
      const auto text = icrps::icr::base64_decode(value.get<std::string>());
      if (text && text->find(credential) != std::string::npos) {
        found += secret["metadata"]["name"].get<std::string>() + " ";
      }
    }
  }
  return found;
}

std::string versions_in(const std::string& ns) {
  std::string versions;
  for (const auto* const what : {"/secrets", "/serviceaccounts"}) {
    const auto list = must(cluster().api().get(path_of(ns) + what));
    for (const auto& object : list["items"]) {
      versions += fmt::format("{} {}\n", object["metadata"]["name"].get<std::string>(),
                              object["metadata"]["resourceVersion"].get<std::string>());
    }
  }
  return versions;
}

/// 10,000 edits a minute of one namespace's annotations, every third of them a mistake.
class Flood {
 public:
  explicit Flood(Tenant& tenant) : tenant_(tenant) {
    for (int i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
    }
  }
  /// The number of edits.
  int stop() {
    threads_.clear();
    return edits_;
  }

 private:
  static constexpr int kThreads = 4;
  static constexpr Milliseconds kPause{kThreads * 6};

  void run(const std::stop_token& stop) {
    auto next = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
      const int number = edits_++;
      const std::array values{std::string("us-south"), std::string("eu-de"),
                              fmt::format("nowhere-{}", number)};
      tenant_.api().merge(
          tenant_.path(),
          {{"metadata",
            {{"annotations", {{kRegions, values[static_cast<std::size_t>(number) % 3]}}}}}});
      next += kPause;
      std::this_thread::sleep_until(next);
    }
  }

  Tenant& tenant_;
  std::atomic<int> edits_ = 0;
  std::vector<std::jthread> threads_;
};

// ---- a thief with the operator's token

struct Attempt {
  std::string what;
  std::function<Answer(Api&)> act;
  std::string refusal;  ///< in the answer's message; empty: it must succeed
};

const std::string kNotOurKind = "writes pull secrets of its own names, with its label";
const std::string kNotOurs = "leaves Secrets alone that are not its own";
const std::string kOtherMark = "leaves the copies of other installations, and copies of its copies";
const std::string kOwnMark = "marks what it writes as its own";
const std::string kOnlyPullSecrets = "changes nothing of a service account but its imagePull";
const std::string kOthersEntries = "leaves the imagePullSecrets of others as they are";

void try_all(const std::vector<Attempt>& attempts) {
  Api thief(operator_kubeconfig());
  for (const auto& attempt : attempts) {
    const auto answer = attempt.act(thief);
    INFO(attempt.what << ": " << answer.status << " " << answer.text);
    if (attempt.refusal.empty()) {
      CHECK(answer.ok());
    } else {
      CHECK(answer.status == 403);
      CHECK(answer.text.find(attempt.refusal) != std::string::npos);
    }
  }
}

json secret_body(const std::string& name, const std::string& type,
                 const json& labels = labels_of("default")) {
  json body = {{"metadata", {{"name", name}, {"labels", labels}}}, {"type", type}};
  if (type == kPullSecretType) body["data"] = {{".dockerconfigjson", kEmptyConfig}};
  if (type == "kubernetes.io/service-account-token") {
    body["metadata"]["annotations"] = {{"kubernetes.io/service-account.name", "default"}};
  }
  return body;
}

Attempt creation(const std::string& what, const std::string& ns, const json& body,
                 const std::string& refusal = kNotOurKind) {
  return {what, [=](Api& api) { return api.post(path_of(ns) + "/secrets?dryRun=All", body); },
          refusal};
}

Attempt account_edit(const std::string& what, const std::string& ns, const json& patch,
                     const std::string& refusal) {
  return {what,
          [=](Api& api) {
            return api.merge(path_of(ns) + "/serviceaccounts/worker?dryRun=All", patch);
          },
          refusal};
}

json list_of(const std::vector<std::string>& names) {
  json list = json::array();
  for (const auto& name : names) list.push_back({{"name", name}});
  return {{"imagePullSecrets", list}};
}

json meta(const std::string& field, const json& value) {
  return {{"metadata", {{field, value}}}};
}

}  // namespace

TEST_CASE("a tenant can't get a credential that his namespace may not use") {
  IamScene scene;
  const auto team_key = scene.put_key(kTeamKey);
  scene.start_for(api_key() + api_key(kTeam, kTeamKey, "namespaces: [team-*]"));
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  Tenant tenant(ns);
  proxy().start_over();

  const std::string kCopyOfTeam = copy_of(kTeam);
  const json forged_notes = {{"icr-pull-secrets/hosts", "us.icr.io"},
                             {"icr-pull-secrets/revision", "0123456789ab"}};
  const std::vector<std::pair<std::string, std::function<void()>>> tricks{
      {"he asks for it", [&] { tenant.annotate({{kCredentials, "default,team"}}); }},
      {"he takes one that the operator could think it made",
       [&] { tenant.create_secret(forged_copy(kTeam, forged_notes)); }},
      {"the same where a mistake hides what he asks for",
       [&] {
         tenant.annotate({{kCredentials, "team,nobody"}, {kRegions, "nowhere"}});
         tenant.create_secret(forged_copy(kTeam, forged_notes));
       }},
      {"he calls the copy of another credential one of this",
       [&] {
         tenant.annotate({{kCredentials, "default"}, {kRegions, "us-south"}});
         tenant.edit_secret(kCopy, {{"metadata",
                                     {{"labels", {{"icr-pull-secrets/credential", kTeam}}},
                                      {"annotations", {{"icr-pull-secrets/hosts", "*"}}}}}});
       }},
      {"his service account names it", [&] { tenant.edit_account(list_of({kCopy, kCopyOfTeam})); }},
      {"he labels his namespace",
       [&] {
         must(tenant.api().merge(
             tenant.path(),
             meta("labels", {{"icr-pull-secrets/credential", kTeam}, {"team", "team-1"}})));
       }},
      {"every credential at once", [&] { tenant.annotate({{kCredentials, "team,default"}}); }}};
  for (const auto& [what, trick] : tricks) {
    INFO(what);
    trick();
    let_pass(scene);
    eventually("no copy of his is left",
               [&] { return cluster().secret(ns, kCopyOfTeam) ? "it is there" : ""; });
    CHECK(holders_of(ns, team_key) == "");
  }
  Scene::expect_event(ns, "CredentialNotAllowed");
  CHECK(scene.served(ns) == "");
  // Nor was it there for a moment.
  for (const auto& seen : writes(Scene::requests(ns))) {
    CHECK(seen.body.find(icrps::icr::base64_encode("iamapikey:" + team_key)) == std::string::npos);
    if (seen.path.ends_with(kCopyOfTeam)) CHECK(seen.method == "DELETE");
  }
}

TEST_CASE("a tenant can't make the operator write elsewhere, nor for other hosts") {
  IamScene scene;
  scene.put_key(kTeamKey);
  scene.start_for(api_key("default", kSource, "regions: [us-south]") + api_key(kTeam, kTeamKey));
  const auto ns = scene.make_in("us-south");
  const auto bystander = scene.make(in("us-south"), "bystander");
  scene.expect_served(ns);
  scene.expect_served(bystander);
  Tenant tenant(ns);
  const auto before = versions_in(bystander);
  const auto own = versions_in(kOwn);
  proxy().start_over();

  const std::string elsewhere = "../" + bystander + "/default";
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {kServiceAccounts, elsewhere},
           {kServiceAccounts, bystander + "/default"},
           {kCredentials, "../../" + bystander + "/secrets/x"},
           {kCredentials, "default\",\"namespace\":\"" + bystander},
           {kRegions, "registry.example.com"},
           {kRegions, "us.icr.io.example.com"},
           {"icr-pull-secrets/namespace", bystander}}) {
    tenant.annotate({{key, value}});
  }
  let_pass(scene);
  // While the annotations make no sense, the copy tells for which hosts it was made.
  tenant.edit_secret(
      kCopy, meta("annotations", {{"icr-pull-secrets/hosts", "registry.example.com,de.icr.io"}}));
  const json owner = {{"apiVersion", "v1"},
                      {"kind", "ServiceAccount"},
                      {"name", "default"},
                      {"uid", uid_of(*cluster().account(bystander))}};
  tenant.edit_account(meta("ownerReferences", json::array({owner})));
  let_pass(scene);
  const auto copy = cluster().secret(ns);
  for (const auto& host : copy ? hosts_of(*copy) : Hosts{}) CHECK(host == "us.icr.io");
  for (const auto& key : {kServiceAccounts, kCredentials}) tenant.annotate({{key, nullptr}});
  tenant.annotate({{kRegions, "us-south"}});
  scene.expect_served(ns);

  CHECK(versions_in(bystander) == before);
  CHECK(versions_in(kOwn) == own);
  CHECK(writes(Scene::requests(bystander)).empty());
  for (const auto& seen : writes(proxy().requests())) {
    INFO(seen.method << " " << seen.path);
    CHECK(seen.path.starts_with("/api/v1/namespaces/"));
    CHECK(seen.path.find("..") == std::string::npos);
  }
}

TEST_CASE("a tenant can't make the operator overwrite or read anything of others") {
  IamScene scene;
  scene.put_key(kTeamKey);
  scene.start_for(api_key() + api_key(kTeam, kTeamKey));
  const auto ns = scene.make_in("us-south");
  const auto other = scene.make({}, "other");
  scene.expect_served(ns);
  cluster().put_secret(other, kCopy, {{"mine", "precious"}});
  const auto before = *cluster().secret(other);
  Tenant tenant(ns);
  proxy().start_over();

  tenant.annotate({{kCredentials, "default,team"}});
  // A Secret with a token of an account, under the name and with the labels of a copy.
  must(tenant.api().remove(tenant.path("/secrets/" + kCopy)));
  static_cast<void>(tenant.api().post(tenant.path("/secrets"),
                                      secret_body(kCopy, "kubernetes.io/service-account-token")));
  tenant.create_secret({{"metadata", {{"name", "forged"}, {"labels", labels_of("default")}}}});
  tenant.edit_account(list_of({"forged", other + "/" + kCopy, "../" + kSource}));
  let_pass(scene);
  scene.expect_served(ns);

  CHECK(*cluster().secret(other) == before);
  CHECK(cluster().secret(ns, "forged"));
  const auto names = cluster().pull_secrets(ns, "default");
  CHECK(std::vector<std::string>(names.begin(), names.begin() + 3) ==
        std::vector<std::string>{"forged", other + "/" + kCopy, "../" + kSource});
  const std::set<std::string> its_own{kCopy, copy_of(kTeam)};
  for (const auto& seen : matching(proxy().requests(), "GET", "/secrets")) {
    INFO(seen.path);
    const auto name = seen.path.substr(seen.path.rfind('/') + 1);
    const bool own_namespace = seen.path.starts_with(path_of(kOwn) + "/");
    const bool by_name = seen.path.find("fieldSelector=metadata.name=") != std::string::npos;
    CHECK((own_namespace || by_name || its_own.contains(name)));
  }
}

TEST_CASE("a tenant can't stop the operator for others: 10,000 annotation edits a minute") {
  constexpr int kCount = 25;
  IamScene scene;
  auto& op = scene.start_for(api_key());
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  Tenant tenant(ns);
  const auto quiet = middle(arrivals(scene, kCount));
  const auto begun = std::chrono::steady_clock::now();
  Flood flood(tenant);
  const auto noisy = middle(arrivals(scene, kCount));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const auto edits = flood.stop();
  std::printf("          others wait %ld ms in quiet, %ld ms beside %.0f edits a minute\n",
              static_cast<long>(quiet.count()), static_cast<long>(noisy.count()),
              edits / took.count() * 60);
  // The numbers are for the benchmark; here it is about those who don't get through at all.
  CHECK(noisy < quiet * 10 + 1s);
  CHECK(edits > 100);
  // Nor do they fill the cluster's store with what he is told.
  constexpr int kMostEvents = 25;
  CHECK(cluster().events(ns).size() <= kMostEvents);
  CHECK(op.metric("icr_pull_secrets_problems_total") <= kMostEvents);
  tenant.annotate({{kRegions, "us-south"}});
  scene.expect_served(ns);
}

TEST_CASE("a tenant can't keep an old key alive for others by a copy that can't be deleted") {
  IamScene scene;
  auto& op = scene.start_for(api_key());
  const auto ns = scene.make_in("us-south");
  const auto other = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.expect_served(other);
  Tenant tenant(ns);
  tenant.edit_secret(kCopy, meta("finalizers", json::array({"example.com/mine"})));
  must(tenant.api().remove(tenant.path("/secrets/" + kCopy)));
  const auto key = scene.put_key(kSource);
  scene.expect_password(other, key);
  op.expect_metric("icr_pull_secrets_rollout_namespaces",
                   {{"credential", "default"}, {"state", "current"}}, 1);
  op.expect_metric("icr_pull_secrets_rollout_namespaces",
                   {{"credential", "default"}, {"state", "behind"}}, 0);
  IamScene::expect_source_event("RolledOut", "safe to revoke");
  tenant.edit_secret(kCopy, meta("finalizers", nullptr));
  scene.expect_password(ns, key);
}

TEST_CASE("a tenant can't stop the operator for others by service accounts as large as can be") {
  constexpr int kAccounts = 30;
  constexpr std::size_t kEntries = 60'000;  // a megabyte and a half
  IamScene scene;
  const auto ns = scene.make_in("us-south");
  Tenant tenant(ns);
  json giant = list_of(std::vector<std::string>(kEntries, "icr-default"));
  for (int i = 0; i < kAccounts; ++i) {
    giant["metadata"] = {{"name", fmt::format("giant-{:02}", i)}};
    must(tenant.api().post(tenant.path("/serviceaccounts"), giant));
  }
  auto& op = scene.start_for(api_key());  // one page of them would be larger than its memory
  scene.expect_served(scene.make_in("us-south"));
  scene.expect_served(ns);
  tenant.annotate({{kServiceAccounts, "*"}});
  let_pass(scene);
  const auto most = op.most_resident_kib();
  std::printf("          %ld KiB at most\n", most);
  constexpr long kMemoryLimit = 65536;  // of the chart
  // ASan's own memory counts, too: tests/CMakeLists.txt says which operator is under test.
  if (std::getenv("ICRPS_TEST_SANITIZED") == nullptr) CHECK(most < kMemoryLimit);
}

TEST_CASE("a thief of the operator's token can create no Secret but pull secrets of its names") {
  Scene scene;
  const Fence fence;
  const auto ns = scene.make({});
  const std::string token = "kubernetes.io/service-account-token";
  auto generated = secret_body("x", kPullSecretType);
  generated["metadata"] = {{"generateName", "icr-default"}, {"labels", labels_of("default")}};
  try_all({creation("its own", ns, secret_body(kCopy, kPullSecretType), {}),
           creation("a token of an account under a name of its own", ns, secret_body(kCopy, token)),
           creation("any data under a name of its own", ns, secret_body(kCopy, "Opaque")),
           creation("another name", ns, secret_body("icr-nobody", kPullSecretType)),
           creation("a name that is made up", ns, generated),
           creation("without its label", ns, secret_body(kCopy, kPullSecretType, {{"a", "b"}})),
           creation("without any label", ns, secret_body(kCopy, kPullSecretType, nullptr)),
           creation("a rotation's state", kOwn, secret_body(kState, "Opaque"), {}),
           creation("a rotation's state elsewhere", ns, secret_body(kState, "Opaque")),
           creation("a token as a rotation's state", kOwn, secret_body(kState, token)),
           creation("the state of no rotation", kOwn, secret_body(kState + "-2", "Opaque")),
           creation("a token in its own namespace", kOwn, secret_body("x", token))});
}

TEST_CASE("a thief of the operator's token can change and delete no Secret but its own") {
  Scene scene;
  const Fence fence;
  const auto foreign = scene.make({}, "foreign");
  const auto ours = scene.make({}, "ours");
  cluster().put_secret(foreign, kCopy, {{"mine", "precious"}});
  must(cluster().api().post(path_of(ours) + "/secrets", forged_copy("default")));
  const std::string theirs = path_of(foreign) + "/secrets/" + kCopy;
  const std::string own = path_of(ours) + "/secrets/" + kCopy;
  const auto before = *cluster().secret(foreign);
  try_all({
      {"data of others",
       [&](Api& api) { return api.merge(theirs, {{"data", {{"mine", nullptr}}}}); }, kNotOurKind},
      {"its label on what others made",
       [&](Api& api) { return api.merge(theirs, meta("labels", labels_of("default"))); },
       kNotOurKind},
      {"deletion of others'", [&](Api& api) { return api.remove(theirs); }, kNotOurs},
      {"its own, without its label",
       [&](Api& api) { return api.merge(own, meta("labels", {{kManagedBy, nullptr}})); },
       kNotOurKind},
      {"its own", [&](Api& api) { return api.merge(own, meta("labels", {{"a", "b"}})); }, {}},
      {"deletion of its own", [&](Api& api) { return api.remove(own); }, {}},
  });
  CHECK(*cluster().secret(foreign) == before);

  // Of the right type, but not made by the operator.
  auto unlabelled = forged_copy("default");
  unlabelled["metadata"].erase("labels");
  must(cluster().api().post(path_of(ours) + "/secrets", unlabelled));
  try_all({{"a pull secret of others",
            [&](Api& api) { return api.merge(own, forged_copy("default")); }, kNotOurs},
           {"deletion of a pull secret of others", [&](Api& api) { return api.remove(own); },
            kNotOurs}});
}

TEST_CASE("a thief of the operator's token can change and delete no copy with the mark of others") {
  Scene scene;
  const Fence fence;
  const auto own = [&](const std::string& ns) { return path_of(ns) + "/secrets/" + kCopy; };
  const auto marked = [&](const std::string& installation, const std::string& made_for) {
    const auto ns = scene.make({}, "marked");
    auto copy = forged_copy("default");
    copy["metadata"]["annotations"]["icr-pull-secrets/installation"] = installation;
    copy["metadata"]["annotations"]["icr-pull-secrets/made-for"] =
        made_for.empty() ? ns + "/1" : made_for;
    must(cluster().api().post(path_of(ns) + "/secrets", copy));
    return ns;
  };
  const auto others = marked("prod/1", "");
  const auto longer = marked(kOwn + "-2/1", "");
  const auto replica = marked(kOwn + "/1", "blog/1");
  const auto earlier = marked(kOwn + "/an-earlier-one", "");
  const json edit = meta("labels", {{"a", "b"}});
  const json taken = meta("annotations", {{"icr-pull-secrets/installation", kOwn + "/1"}});
  const json given = meta("annotations", {{"icr-pull-secrets/installation", "prod/1"}});
  try_all({
      {"a copy of another installation", [&](Api& api) { return api.merge(own(others), edit); },
       kOtherMark},
      {"its mark", [&](Api& api) { return api.merge(own(others), taken); }, kOtherMark},
      {"its end", [&](Api& api) { return api.remove(own(others)); }, kOtherMark},
      {"that of one with a longer name", [&](Api& api) { return api.remove(own(longer)); },
       kOtherMark},
      {"a copy of a copy", [&](Api& api) { return api.remove(own(replica)); }, kOtherMark},
      {"its own, with the mark of another",
       [&](Api& api) { return api.merge(own(earlier), given); }, kOwnMark},
      {"its own", [&](Api& api) { return api.merge(own(earlier), edit); }, {}},
      {"the end of its own", [&](Api& api) { return api.remove(own(earlier)); }, {}},
  });
}

TEST_CASE("a thief of the operator's token can change nothing of an account but its entries") {
  Scene scene;
  const Fence fence;
  const auto ns = scene.make({});
  json account = list_of({"a", kCopy, "b"});
  account["metadata"] = {
      {"name", "worker"}, {"labels", {{"x", "y"}}}, {"annotations", {{"x", "y"}}}};
  account["secrets"] = json::array({{{"name", "x"}}});
  must(cluster().api().post(path_of(ns) + "/serviceaccounts", account));
  const json owner = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", "x"}, {"uid", "x"}};
  const auto edit = [&](const std::string& what, const json& patch, const std::string& refusal) {
    return account_edit(what, ns, patch, refusal);
  };
  try_all({
      edit("one more of its own", list_of({"a", kCopy, "b", copy_of(kTeam)}), {}),
      edit("its own taken away", list_of({"a", "b"}), {}),
      edit("its own in front", list_of({kCopy, "a", "b"}), {}),
      edit("one of others taken away", list_of({"a", kCopy}), kOthersEntries),
      edit("all taken away", {{"imagePullSecrets", nullptr}}, kOthersEntries),
      edit("one of others added", list_of({"a", kCopy, "b", "c"}), kOthersEntries),
      edit("one of others twice", list_of({"a", "a", kCopy, "b"}), kOthersEntries),
      edit("those of others in another order", list_of({"b", kCopy, "a"}), kOthersEntries),
      edit("one of others exchanged", list_of({"a", kCopy, "c"}), kOthersEntries),
      edit("a label", meta("labels", {{"x", "z"}}), kOnlyPullSecrets),
      edit("no labels", meta("labels", nullptr), kOnlyPullSecrets),
      edit("an annotation", meta("annotations", {{"y", "z"}}), kOnlyPullSecrets),
      edit("an annotation taken away", meta("annotations", {{"x", nullptr}}), kOnlyPullSecrets),
      edit("which entries are its own", meta("annotations", {{"icr-pull-secrets/attached", kCopy}}),
           {}),
      edit("that and another",
           meta("annotations", {{"icr-pull-secrets/attached", nullptr}, {"x", "z"}}),
           kOnlyPullSecrets),
      edit("a finalizer", meta("finalizers", json::array({"example.com/x"})), kOnlyPullSecrets),
      edit("an owner", meta("ownerReferences", json::array({owner})), kOnlyPullSecrets),
      edit("its secrets", {{"secrets", json::array({{{"name", "y"}}})}}, kOnlyPullSecrets),
      edit("no secrets", {{"secrets", nullptr}}, kOnlyPullSecrets),
      edit("its tokens", {{"automountServiceAccountToken", false}}, kOnlyPullSecrets),
  });
}

TEST_CASE("within the fence the operator does all that it does") {
  IamScene scene;
  const Fence fence;
  scene.put_key(kTeamKey);
  auto& op = scene.start_for(api_key() + access_token(kTeam, kTeamKey));
  const auto ns = scene.make({}, "fenced");
  json odd = {{"metadata", {{"name", "odd"}}}};
  odd["imagePullSecrets"] = json::array({{{"name", "a"}}, json::object()});
  must(cluster().api().post(path_of(ns) + "/serviceaccounts", odd));
  const auto entries_of_odd = [&] { return (*cluster().account(ns, "odd"))["imagePullSecrets"]; };
  cluster().annotate(
      ns,
      {{kRegions, "us-south"}, {kCredentials, "default,team"}, {kServiceAccounts, "default,odd"}});
  scene.expect_served(ns);
  scene.expect_login(ns, "iambearer", kTeam);
  scene.put_key(kSource);
  cluster().annotate(ns, {{kRegions, "us-south,eu-de"}});
  eventually("more regions reach it", [&]() -> std::string {
    const auto copy = cluster().secret(ns);
    return copy && hosts_of(*copy) == Hosts{"de.icr.io", "us.icr.io"} ? "" : "not yet";
  });
  eventually("one of the wrong type is made before the operator's own is again",
             [&]() -> std::string {
               cluster().api().remove(path_of(ns) + "/secrets/" + kCopy);
               const auto made =
                   cluster().api().post(path_of(ns) + "/secrets", secret_body(kCopy, "Opaque"));
               return made.status == 201 ? "" : made.text;
             });
  eventually("every account names both",
             [&] { return entries_of_odd().size() == 4 ? "" : entries_of_odd().dump(); });
  eventually("one of the wrong type is replaced", [&]() -> std::string {
    const auto copy = cluster().secret(ns);
    return copy && hosts_of(*copy).size() == 2 ? "" : "not yet";
  });
  cluster().annotate(ns, {{kRegions, nullptr}});
  Scene::expect_bare(ns);
  IamScene::expect_none(ns, kTeam);
  CHECK(entries_of_odd() == odd["imagePullSecrets"]);
  CHECK(op.metric("icr_pull_secrets_problems_total", {{"reason", "Forbidden"}}) == 0);
  for (const auto& seen : writes(proxy().requests())) {
    const bool its_own = seen.agent.find("integration-tests") == std::string::npos;
    if (its_own) CHECK(seen.status != 403);
  }
}

TEST_CASE("within the fence the operator rotates the keys of a service ID") {
  RotationScene scene;
  const Fence fence;
  scene.make_user();
  scene.start_rotating();
  const auto first = scene.expect_first_key();
  scene.ask_for_rotation();
  scene.expect_rotated(first);
}

}  // namespace tenancy_test
