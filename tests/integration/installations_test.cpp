// Two installations in one cluster, and copies that somebody made of copies.
#include <fmt/format.h>
#include <memory>

#include <catch2/catch.hpp>

#include "harness/cleanup.hpp"
#include "harness/scene.hpp"

namespace installations_test {

namespace {

using namespace itest;

std::string secrets_of(const std::string& ns) {
  return "/api/v1/namespaces/" + ns + "/secrets";
}

std::string version_of(const std::string& ns) {
  return (*cluster().secret(ns))["metadata"]["resourceVersion"];
}

std::string note_of(const std::string& ns, const std::string& name) {
  return (*cluster().secret(ns))["metadata"]["annotations"].value("icr-pull-secrets/" + name, "");
}

/// Another installation, in a namespace of its own, with another API key. With an administrator's
/// rights, past the proxy.
class Trial {
 public:
  explicit Trial(Scene& scene, const std::string& more = {})
      : ns_(scene.make({}, "trial")),
        key_(scene.new_key()),
        kubeconfig_(environment("KUBECONFIG")) {
    cluster().put_secret(ns_, kSource, {{"apikey", key_}});
    OperatorProcess::Options options;
    options.kubeconfig = kubeconfig_;
    options.config = config_text(more);
    options.arguments = {"--namespace", ns_};
    operator_ = std::make_unique<OperatorProcess>(options);
    operator_->wait_until_ready();
  }

  [[nodiscard]] const std::string& ns() const { return ns_; }
  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] OperatorProcess& op() { return *operator_; }

  /// Stops it and runs its clean-up.
  Finished uninstall() {
    CHECK(operator_->terminate() == 0);
    return run_command({environment("ICRPS_OPERATOR"), "cleanup", "--config",
                        operator_->config_file(), "--kubeconfig", kubeconfig_, "--namespace", ns_});
  }

 private:
  const std::string ns_;
  const std::string key_;
  const std::string kubeconfig_;
  std::unique_ptr<OperatorProcess> operator_;
};

/// What a tool makes of a copy that takes Secrets to other namespaces, labels and all.
json replica_of(const json& secret) {
  json replica = {{"type", secret["type"]}, {"data", secret["data"]}};
  for (const auto* part : {"name", "labels", "annotations"}) {
    replica["metadata"][part] = secret["metadata"][part];
  }
  return replica;
}

}  // namespace

TEST_CASE("two installations leave each other's copies alone, and tell who has them") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  CHECK(note_of(ns, "installation").starts_with(kOwn + "/"));
  CHECK(note_of(ns, "made-for").starts_with(ns + "/"));
  const auto before = version_of(ns);

  Trial trial(scene);
  const auto event = Scene::expect_event(ns, "InstallationConflict");
  CHECK(event["message"].get<std::string>().find("the one in namespace \"" + kOwn + "\"") !=
        std::string::npos);
  trial.op().expect_metric("icr_pull_secrets_problems_total", {{"reason", "InstallationConflict"}},
                           1);
  trial.op().expect_metric("icr_pull_secrets_namespaces", {{"state", "conflict"}}, 1);
  CHECK(trial.op().metric("icr_pull_secrets_namespaces", {{"state", "ready"}}) == 0);

  // The second one's clean-up takes nothing from the first.
  const auto removed = trial.uninstall();
  INFO(removed.out << removed.err);
  CHECK(removed.exit_code == 0);
  CHECK(version_of(ns) == before);
  scene.expect_served(ns);
}

TEST_CASE("an installation takes another one's copies over in place, and the other lets go") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const auto uid = uid_of(*cluster().secret(ns));

  Trial trial(scene, "conflict: adopt\n");
  Scene::expect_event(ns, "SecretAdopted");
  eventually("it has the new key",
             [&] { return password_of(*cluster().secret(ns)) == trial.key() ? "" : "not yet"; });
  const auto event = Scene::expect_event(ns, "InstallationConflict");
  CHECK(event["message"].get<std::string>().find("the one in namespace \"" + trial.ns() + "\"") !=
        std::string::npos);
  CHECK(uid_of(*cluster().secret(ns)) == uid);
  CHECK(note_of(ns, "installation").starts_with(trial.ns() + "/"));
  CHECK(note_of(ns, "adopted-from") == "installation in namespace " + kOwn);
  CHECK(cluster().pull_secrets(ns, "default") == std::vector<std::string>{kCopy});

  // Nothing of it is the first one's any more.
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "conflict"}}, 1);
  scene.stop();
  const HookRights rights;
  const auto removed = cleanup();
  INFO(removed.out << removed.err);
  CHECK(removed.exit_code == 0);
  CHECK(password_of(*cluster().secret(ns)) == trial.key());
  CHECK(cluster().pull_secrets(ns, "default") == std::vector<std::string>{kCopy});
  const auto gone = trial.uninstall();
  INFO(gone.out << gone.err);
  CHECK(gone.exit_code == 0);
  Scene::expect_bare(ns);
}

TEST_CASE("a copy of a copy is left alone, and told where somebody asks for pull secrets") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  const auto other = scene.make({}, "blog");
  scene.expect_served(ns);
  must(cluster().api().post(secrets_of(other), replica_of(*cluster().secret(ns))));
  const auto before = version_of(other);
  const auto fresh = scene.make_in("us-south");
  scene.expect_served(fresh);
  CHECK(version_of(other) == before);
  CHECK(writes(Scene::requests(other)).empty());

  cluster().annotate(other, {{kRegions, "us-south"}});
  const auto event = Scene::expect_event(other, "SecretConflict");
  CHECK(event["message"].get<std::string>().find("made for namespace \"" + ns + "\"") !=
        std::string::npos);
  CHECK(version_of(other) == before);
  cluster().delete_secret(other, kCopy);
  scene.expect_served(other);
}

TEST_CASE("copies from before there were marks get theirs with one silent write each") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.stop();
  must(cluster().api().merge(secrets_of(ns) + "/" + kCopy,
                             {{"metadata",
                               {{"annotations",
                                 {{"icr-pull-secrets/installation", nullptr},
                                  {"icr-pull-secrets/made-for", nullptr}}}}}}));
  proxy().start_over();
  scene.start();
  eventually("it is marked", [&] { return note_of(ns, "made-for").empty() ? "no mark" : ""; });
  scene.expect_served(scene.make_in("us-south"));
  CHECK(text_of(writes(Scene::requests(ns))) == "PATCH icr-default");
  CHECK(cluster().events(ns).empty());
}

}  // namespace installations_test
