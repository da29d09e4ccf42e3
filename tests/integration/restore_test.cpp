// The cluster is restored from a backup under a running operator: etcd's data are put back, with
// and without raising its revisions beyond those that it had given out.
#include <catch2/catch.hpp>

#include "harness/control_plane.hpp"
#include "harness/pair.hpp"
#include "harness/scene.hpp"

namespace restore_test {

using namespace itest;
using Versions = EtcdBackup::Versions;

namespace {

constexpr auto kSoon = 60s;

std::string gone(const std::string& ns) {
  const auto answer = cluster().api().get("/api/v1/namespaces/" + ns);
  return answer.status == 404 ? std::string() : ns + " is there";
}

/// Namespaces of before the backup, and what was done to them since.
struct Story {
  explicit Story(Scene& scene)
      : left(scene.make_in("us-south")),
        deleted(scene.make_in("us-south")),
        stays(scene.make_in("eu-de")) {
    scene.expect_served(left);
    scene.expect_served(deleted);
    scene.expect_served(stays, {"de.icr.io"});
  }

  /// All of it is lost with the restore.
  void go_on(Scene& scene) {
    // A backup is older than what an API server writes while it starts.
    pass_revisions(300);
    lost = scene.make_in("us-south");
    scene.expect_served(lost);
    cluster().annotate(left, {{kRegions, nullptr}});
    Scene::expect_bare(left);
    cluster().delete_namespace(deleted);
    eventually("the namespace ends", [&] { return gone(deleted); }, kSoon);
    scene.rotate();
    scene.expect_served(stays, {"de.icr.io"});
    scene.expect_served(lost);
  }

  /// The annotations of the backup count, with the key that the source has now; and what comes is
  /// served, also under the name of what was lost.
  void expect_restored(Scene& scene) const {
    const auto soon = [&](const std::string& ns, const Hosts& hosts) {
      return eventually(ns + " is served", [&] { return scene.served(ns, hosts); }, kSoon);
    };
    const auto begun = std::chrono::steady_clock::now();
    scene.rotate();  // a new key
    for (const auto& ns : {left, deleted}) soon(ns, {"us.icr.io"});
    soon(stays, {"de.icr.io"});
    must(cluster().api().post("/api/v1/namespaces",
                              {{"metadata", {{"name", lost}, {"annotations", in("jp-tok")}}}}));
    const auto fresh = scene.make_in("us-south");
    soon(fresh, {"us.icr.io"});
    soon(lost, {"jp.icr.io"});
    cluster().annotate(stays, {{kRegions, nullptr}});
    eventually("the opt-out is heeded", [&] { return Scene::bare(stays); }, kSoon);
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(took < kSoon * patience());
    WARN("all is right " << std::chrono::duration_cast<Milliseconds>(took).count()
                         << " ms after the API server was ready");
  }

  std::string left;
  std::string deleted;
  std::string stays;
  std::string lost;
};

}  // namespace

TEST_CASE("a cluster restored from a backup is served as it is now, without a restart") {
  const auto versions = GENERATE(Versions::kGoBack, Versions::kRaised);
  Scene scene;
  auto& op = scene.start();
  Story story(scene);
  const EtcdBackup backup;
  story.go_on(scene);
  backup.restore(versions);
  story.expect_restored(scene);
  CHECK(op.probe("/livez") == 200);
  const bool back = versions == Versions::kGoBack;
  // All of them, unless the API server was away for so long that a list comes first in any case.
  CHECK(op.metric("icr_pull_secrets_watch_restarts_total",
                  {{"reason", back ? "rewound" : "expired"}}) >= 1);
  CHECK(op.log_lines("the cluster was restored, everything is listed anew").empty() != back);
}

TEST_CASE("a replica that stood by while the cluster was restored leads without ghosts") {
  Pair pair;
  Story story(pair);
  const EtcdBackup backup;
  story.go_on(pair);
  backup.restore(Versions::kGoBack);
  eventually(
      "the one that stands by has noticed",
      [&] {
        const auto noticed = pair.second->op().metric("icr_pull_secrets_watch_restarts_total",
                                                      {{"reason", "rewound"}});
        return noticed >= 1 ? std::string() : "restarts: " + std::to_string(noticed);
      },
      kSoon);
  pair.first->op().kill();
  story.expect_restored(pair);
  CHECK(pair.second->stop().empty());
}

}  // namespace restore_test
