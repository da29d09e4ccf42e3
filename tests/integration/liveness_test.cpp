// /livez and /readyz: what a restart cures makes /livez fail, and nothing else does. Parts of the
// operator are made to hang for real (ICRPS_STALL, operator/cli/run/stall.hpp).
#include <chrono>
#include <fmt/format.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"
#include "harness/replica.hpp"

namespace liveness_test {

using namespace itest;

namespace {

constexpr auto kLimit = 10s;
// Twice the limit, and whatever is only a little over it has come to light.
constexpr auto kLong = 22s;
const std::string kShort = "liveness: {watch: 10s, queue: 10s, worker: 10s}\n";
const std::string kNamespaceWatch = "/api/v1/namespaces[?].*watch=1";
const std::string kNamespaces = "/api/v1/namespaces[?]";

/// Makes a part hang when it is told to.
class Stall {
 public:
  explicit Stall(const std::string& part)
      : file_(scratch_file("stall", {})), variable_("ICRPS_STALL=" + part + ":" + file_) {
    ::unlink(file_.c_str());
  }

  [[nodiscard]] const std::string& variable() const { return variable_; }
  /// The next thread of that part that comes by hangs.
  void now() const { write_text(file_, "now"); }
  [[nodiscard]] std::string pending() const {
    return ::access(file_.c_str(), F_OK) != 0 ? "" : "nothing hangs yet";
  }
  /// False: nobody came by for so long.
  [[nodiscard]] bool taken_within(Milliseconds time) const {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!pending().empty()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  }

 private:
  const std::string file_;
  const std::string variable_;
};

OperatorProcess& start(Scene& scene, const Stall& stall, const std::string& more = {}) {
  OperatorProcess::Options options;
  options.config = config_text(kShort + more);
  options.environment = {stall.variable()};
  return scene.start(std::move(options));
}

void expect_dead(OperatorProcess& op, const std::string& reason) {
  const auto tells = [&]() -> std::string {
    if (op.probe("/livez") != 503) return "it is live";
    const auto text = op.text("/livez");
    return text.find(reason) != std::string::npos ? "" : text;
  };
  eventually("/livez fails: " + reason, tells, 30s + kLimit);
  const auto lines = op.log_lines("not live, a new process is needed");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["level"] == "error");
  CHECK(lines[0]["reasons"].get<std::string>().find(reason) != std::string::npos);
}

void expect_live(OperatorProcess& op, Milliseconds time = kLong) {
  steadily(
      "/livez is content", [&] { return op.probe("/livez") == 200 ? "" : op.text("/livez"); },
      time);
}

}  // namespace

TEST_CASE("a worker that hangs makes /livez fail, and the others go on") {
  Scene scene;
  const Stall stall("worker");
  auto& op = start(scene, stall);
  CHECK(op.probe("/livez") == 200);
  stall.now();
  scene.make_in("us-south");
  eventually("a worker hangs", [&] { return stall.pending(); });
  const auto other = scene.make_in("us-south");
  scene.expect_served(other);
  expect_dead(op, "is stuck: at one change in a namespace for more than 10s");
  CHECK(op.probe("/readyz") == 200);
  scene.kill();
}

TEST_CASE("a queue that nobody takes from makes /livez fail") {
  Scene scene;
  const Stall stall("queue");
  auto& op = start(scene, stall, "workers: 1\n");
  const auto before = scene.make_in("us-south");
  scene.expect_served(before);
  // One more than are busy waits for work: they all have to hang.
  int hanging = 0;
  const auto another_hangs = [&] {
    stall.now();
    scene.make_in("us-south");
    return stall.taken_within(3s * patience());
  };
  while (another_hangs()) ++hanging;
  CHECK(hanging > 0);
  expect_dead(op, "the queue stands still: a namespace has waited for more than 10s");
  CHECK(op.metric("icr_pull_secrets_queue_oldest_seconds") > 10);
  scene.kill();
}

TEST_CASE("a watch whose thread hangs makes /livez fail") {
  Scene scene;
  const Stall stall("watch");
  auto& op = start(scene, stall);
  proxy().expect_open(kNamespaceWatch, 1);
  expect_live(op);  // silent as it is
  stall.now();
  REQUIRE(proxy().cut(kNamespaceWatch) == 1);
  eventually("it hangs", [&] { return stall.pending(); });
  expect_dead(op, "the watch of namespaces hangs");
  scene.kill();
}

TEST_CASE("an election whose thread hangs makes /livez fail, and another leads") {
  Scene scene;
  cluster().api().remove(kLease);
  const Stall stall("election");
  Replica first(kShort, std::vector<std::string>{stall.variable()});
  first.wait_until_ready();
  eventually("it leads", [&] { return first.leads() ? "" : "no"; });
  Replica second(kShort);
  second.wait_until_ready();
  CHECK(first.op().probe("/livez") == 200);
  stall.now();
  expect_dead(first.op(), "the election of a leader hangs");
  eventually("the other one leads", [&] { return second.leads() ? "" : "no"; });
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  CHECK(of(first.written(), ns).empty());
  CHECK(second.op().probe("/livez") == 200);
  first.op().kill();
  CHECK(second.stop().empty());
}

TEST_CASE("a watch that can't be begun again makes /livez fail only while others are answered") {
  Scene scene;
  cluster().api().remove(kLease);
  Replica replica(kShort);
  replica.wait_until_ready();
  auto& op = replica.op();
  auto& road = replica.road();
  const auto lose = [&](const std::string& action, int status = 0) {
    road.expect_open(kNamespaceWatch, 1);
    road.add({.name = "lost", .path = kNamespaceWatch, .action = action, .status = status});
    REQUIRE(road.cut_abruptly(kNamespaceWatch) == 1);
  };
  const auto regain = [&] {
    road.remove();
    road.expect_open(kNamespaceWatch, 1);
  };
  SECTION("a connection that breaks") {
    lose("drop");
    expect_dead(op,
                "the watch of namespaces has brought neither event nor bookmark for more than 10s "
                "and can't be begun again, although the API server answers other requests");
    regain();
    eventually("it is live", [&] { return op.probe("/livez") == 200 ? "" : "no"; });
    CHECK(op.log_lines("live again").size() == 1);
  }
  SECTION("a refusal is for people") {
    lose("status", 403);
    expect_live(op);
    regain();
  }
  SECTION("nobody is answered: the leader ends by itself, and is told apart") {
    road.add({.name = "down", .action = "drop"});
    road.cut_abruptly("watch=1");
    const auto code = op.process().wait(10s * patience());
    CHECK(code == 4);
    return;
  }
  CHECK(replica.stop().empty());
}

TEST_CASE("an API server that is down or hangs is no failure of the operator's") {
  Scene scene;
  OperatorProcess::Options options;
  options.config = config_text("liveness: {watch: 10s, queue: 10s, worker: 1m}\n");
  auto& op = scene.start(std::move(options));
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  SECTION("down") {
    proxy().add({.name = "all", .action = "drop"});
    proxy().cut_abruptly("watch=1");
    scene.rotate();
    expect_live(op);
    proxy().remove();
  }
  SECTION("hangs") {
    // Namespaces are worked on that are never answered.
    proxy().add({.name = "hung", .method = "POST|PATCH|DELETE", .action = "hang"});
    scene.rotate();
    eventually("writes hang", [&] { return proxy().matched("hung") > 0 ? "" : "no"; });
    proxy().add({.name = "all", .action = "hang"});
    proxy().cut_abruptly("watch=1");
    expect_live(op);
    proxy().remove();
  }
  CHECK(op.probe("/readyz") == 200);
  eventually("it works again", [&] { return scene.served(ns); }, 45s);
  expect_live(op, 2s);
}

TEST_CASE("IAM and registries that are down are no failure of the operator's") {
  IamScene scene;
  auto& op = scene.start_for(access_token(), kShort);
  const auto ns = scene.make_in("us-south");
  const auto login = scene.expect_login(ns, "iambearer");
  iam().add_rule({{"name", "down"}, {"action", "drop"}});
  scene.put_key(kSource);
  eventually("it asks", [&] { return iam().matched("down") > 0 ? "" : "no"; });
  // One that needs a proof of another host.
  scene.make_in("eu-de");
  expect_live(op);
  CHECK(op.probe("/readyz") == 200);
  CHECK(scene.login(ns) == login);
  iam().remove_rules();
  scene.expect_new_login(ns, login);
}

TEST_CASE("an operator that never reached IAM is live, too") {
  IamScene scene;
  iam().add_rule({{"name", "down"}, {"action", "hang"}});
  auto& op = scene.launch_for(access_token(), kShort);
  eventually("it has started", [&] { return op.probe("/livez") == 200 ? "" : "no"; });
  expect_live(op);
  iam().remove_rules();
  op.wait_until_ready();
}

TEST_CASE("a standby is live and ready, however long changes wait in its queue") {
  Scene scene;
  cluster().api().remove(kLease);
  Replica first(kShort);
  first.wait_until_ready();
  eventually("it leads", [&] { return first.leads() ? "" : "no"; });
  Replica second(kShort);
  second.wait_until_ready();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  auto& standby = second.op();
  expect_live(standby);
  CHECK(standby.probe("/readyz") == 200);
  CHECK(standby.metric("icr_pull_secrets_queue_oldest_seconds") == 0);
  // What has waited so long is not held against the leader that it becomes.
  CHECK(first.stop().empty());
  eventually("the other one leads", [&] { return second.leads() ? "" : "no"; });
  expect_live(standby, 3s);
  scene.rotate();
  scene.expect_served(ns);
  CHECK(second.stop().empty());
}

TEST_CASE("/readyz waits for the first full list of everything, and is not asked of /livez") {
  Scene scene;
  const auto ns = scene.make_in("us-south");
  proxy().add({.name = "no list", .path = kNamespaces, .action = "drop"});
  OperatorProcess::Options options;
  options.config = config_text(kShort);
  auto& op = scene.launch(std::move(options));
  eventually("it has read the accounts",
             [&] { return proxy().open("/api/v1/serviceaccounts[?].*watch=1") == 1 ? "" : "no"; });
  CHECK(op.probe("/readyz") == 503);
  CHECK(op.text("/readyz").find("not known yet: namespaces") != std::string::npos);
  CHECK_FALSE(cluster().secret(ns));
  CHECK(op.probe("/livez") == 200);
  proxy().remove();
  op.wait_until_ready();
  scene.expect_served(ns);
}

TEST_CASE("the sign of life of each watch is shown") {
  Scene scene;
  auto& op = scene.start();
  const auto sign = [&](const std::string& resource) {
    return op.metric("icr_pull_secrets_watch_last_sign_timestamp_seconds",
                     {{"resource", resource}});
  };
  for (const auto* const resource : {"namespaces", "serviceaccounts", "secrets"}) {
    CHECK(sign(resource) > 1e9);
  }
  const auto before = sign("namespaces");
  scene.make_in("us-south");
  eventually("it moves", [&] { return sign("namespaces") > before ? "" : "no"; });
}

}  // namespace liveness_test
