// Start, end, and what can be seen from outside while it runs.
#include <algorithm>
#include <fmt/format.h>
#include <list>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "harness/scene.hpp"

namespace lifecycle_test {

namespace {

using namespace itest;

std::vector<std::string> make_many(Scene& scene, int count) {
  std::vector<std::string> namespaces;
  for (int i = 0; i < count; ++i) namespaces.push_back(scene.make_in("us-south"));
  return namespaces;
}

/// Connects to the operator's port, says these bytes, and then neither sends nor reads.
class SlowClient {
 public:
  SlowClient(int port, const std::string& bytes) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const where = reinterpret_cast<const sockaddr*>(&address);
    REQUIRE(::connect(fd_, where, sizeof address) == 0);
    static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  ~SlowClient() { ::close(fd_); }
  SlowClient(const SlowClient&) = delete;
  SlowClient& operator=(const SlowClient&) = delete;

 private:
  const int fd_;
};

}  // namespace

TEST_CASE("SIGTERM finishes the writes in flight, begins no more, and ends with 0") {
  Scene scene;
  auto& op = scene.start();
  const auto namespaces = make_many(scene, 40);
  for (const auto& ns : namespaces) scene.expect_served(ns);
  proxy().start_over();
  proxy().add(
      {.name = "slow", .method = "PATCH", .path = "/secrets/", .action = "delay", .delay = 700ms});
  scene.rotate();
  eventually("writes are in flight", [&] { return proxy().matched("slow") >= 16 ? "" : "no"; });
  const auto begin = std::chrono::steady_clock::now();
  op.process().signal(SIGTERM);
  const auto code = op.process().wait(15s);
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(code == 0);
  CHECK(took < 5s * patience());

  const auto updates = writes(proxy().requests());
  CHECK(updates.size() >= 16);
  CHECK(updates.size() < namespaces.size());
  for (const auto& seen : updates) CHECK(seen.status == 200);
  CHECK(op.log_lines("stopping, writes in flight are finished; a second signal ends at once")
            .size() == 1);
  CHECK(op.log_lines("stopped").size() == 1);
  scene.stop();

  // The next one does exactly the rest.
  proxy().remove();
  scene.start();
  for (const auto& ns : namespaces) scene.expect_served(ns);
  for (const auto& ns : namespaces) CHECK(text_of(Scene::requests(ns)) == "PATCH icr-default");
}

TEST_CASE("SIGINT ends it like SIGTERM") {
  Scene scene;
  auto& op = scene.start();
  op.process().signal(SIGINT);
  CHECK(op.process().wait(15s) == 0);
}

TEST_CASE("a crash leaves no memory behind, in which credentials would be") {
  Scene scene;
  OperatorProcess::Options options;
  options.kubeconfig = operator_kubeconfig();
  options.wrapper = {"prlimit", "--core=unlimited:unlimited"};
  auto& op = scene.start(std::move(options));
  op.process().signal(SIGABRT);
  CHECK(op.process().wait(15s * patience()) == 128 + SIGABRT);
  CHECK_FALSE(op.process().dumped());
}

TEST_CASE("a second signal ends it at once with 1") {
  Scene scene;
  auto& op = scene.start();
  proxy().add({.name = "hung", .method = "POST", .path = "/secrets$", .action = "hang"});
  scene.make_in("us-south");
  eventually("a write hangs", [&] { return proxy().matched("hung") == 1 ? "" : "no"; });
  op.process().signal(SIGTERM);
  eventually("it is stopping", [&] {
    return op.log_lines("stopping, writes in flight are finished; a second signal ends at once")
                   .empty()
               ? "no"
               : "";
  });
  CHECK(op.process().wait(300ms) == std::nullopt);
  const auto begin = std::chrono::steady_clock::now();
  op.process().signal(SIGTERM);
  CHECK(op.process().wait(15s) == 1);
  CHECK(std::chrono::steady_clock::now() - begin < 500ms * patience());
}

TEST_CASE("it ends with 0 in time although a write hangs and a list does") {
  Scene scene;
  proxy().add({.name = "hung", .method = "POST", .path = "/secrets$", .action = "hang"});
  auto& op = scene.start();
  scene.make_in("us-south");
  eventually("a write hangs", [&] { return proxy().matched("hung") == 1 ? "" : "no"; });
  CHECK(op.terminate() == 0);
  scene.stop();

  proxy().add({.name = "hung list", .path = "/api/v1/serviceaccounts", .action = "hang"});
  auto& starting = scene.launch();
  eventually("a list hangs", [&] { return proxy().matched("hung list") == 1 ? "" : "no"; });
  starting.process().signal(SIGTERM);
  CHECK(starting.process().wait(3s * patience()) == 0);
}

TEST_CASE("it ends while the API server is unreachable") {
  Scene scene;
  proxy().add({.name = "down", .action = "drop"});
  auto& op = scene.launch();
  eventually("it tries", [&] { return proxy().matched("down") > 4 ? "" : "no"; });
  CHECK(op.probe("/livez") == 200);
  CHECK(op.probe("/readyz") == 503);
  op.process().signal(SIGTERM);
  CHECK(op.process().wait(3s * patience()) == 0);
}

TEST_CASE("killed in the middle of a roll-out it completes it afterwards, nothing written twice") {
  Scene scene;
  scene.start();
  const auto namespaces = make_many(scene, 40);
  for (const auto& ns : namespaces) scene.expect_served(ns);
  proxy().start_over();
  proxy().add(
      {.name = "slow", .method = "PATCH", .path = "/secrets/", .action = "late", .delay = 500ms});
  scene.rotate();
  eventually("answers are awaited", [&] { return proxy().matched("slow") >= 16 ? "" : "no"; });
  scene.kill();
  eventually("what was forwarded is done", [&]() -> std::string {
    for (const auto& seen : proxy().requests()) {
      if (seen.done == 0) return seen.path;
    }
    return {};
  });
  proxy().remove();
  scene.start();
  for (const auto& ns : namespaces) scene.expect_served(ns);
  // Answers that were lost with the process need not be repeated: the writes had been done.
  for (const auto& ns : namespaces) CHECK(text_of(Scene::requests(ns)) == "PATCH icr-default");
}

TEST_CASE("killed between the Secret and the account, the next one attaches and no more") {
  Scene scene;
  scene.start();
  proxy().add({.name = "held", .method = "PATCH", .action = "hang"});
  const auto ns = scene.make_in("us-south");
  eventually("the patch is on its way", [&] { return proxy().matched("held") == 1 ? "" : "no"; });
  scene.kill();
  proxy().remove();
  proxy().start_over();
  scene.start();
  scene.expect_served(ns);
  CHECK(text_of(Scene::requests(ns)) == "PATCH default");
}

TEST_CASE("killed between detaching and deleting, the next one deletes") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  proxy().add({.name = "held", .method = "DELETE", .action = "hang"});
  cluster().annotate(ns, {{kRegions, nullptr}});
  eventually("the deletion is on its way",
             [&] { return proxy().matched("held") == 1 ? "" : "no"; });
  scene.kill();
  proxy().remove();
  proxy().start_over();
  scene.start();
  Scene::expect_bare(ns);
  CHECK(text_of(Scene::requests(ns)) == "DELETE icr-default");
}

TEST_CASE("probes and metrics have the names that are documented") {
  Scene scene;
  auto& op = scene.start();
  const auto served = scene.make_in("us-south");
  const auto wrong = scene.make_in("us-sooth");
  const auto outside = scene.make({});
  scene.expect_served(served);
  Scene::expect_event(wrong, "InvalidRegions");

  CHECK(op.probe("/livez") == 200);
  CHECK(op.probe("/readyz") == 200);
  CHECK(op.probe("/elsewhere") == 404);
  const auto text = op.text("/metrics");
  for (const auto* const family :
       {"icr_pull_secrets_reconciles_total counter", "icr_pull_secrets_api_requests_total counter",
        "icr_pull_secrets_watch_restarts_total counter", "icr_pull_secrets_problems_total counter",
        "icr_pull_secrets_source_refusals_total counter", "icr_pull_secrets_namespaces gauge",
        "icr_pull_secrets_credential_available gauge", "icr_pull_secrets_queue_depth gauge",
        "icr_pull_secrets_synced gauge", "icr_pull_secrets_build_info gauge",
        "icr_pull_secrets_event_to_done_seconds histogram"}) {
    INFO(family);
    const auto name = std::string(family).substr(0, std::string(family).find(' '));
    // A counter that nothing has happened to has no series, and then no family.
    const bool idle =
        name.find("restarts") != std::string::npos || name.find("refusals") != std::string::npos;
    CHECK((idle || text.find(fmt::format("# TYPE {}\n", family)) != std::string::npos));
    CHECK((idle || text.find(fmt::format("# HELP {} ", name)) != std::string::npos));
  }
  for (const auto* const name : {"not_opted_in", "ready", "pending", "mistake", "conflict",
                                 "no_credential", "forbidden", "terminating"}) {
    CHECK(text.find(fmt::format("icr_pull_secrets_namespaces{{state=\"{}\"}}", name)) !=
          std::string::npos);
  }
  const auto expect_requests = [&](const char* verb, const char* resource, const char* code,
                                   double count) {
    op.expect_metric("icr_pull_secrets_api_requests_total",
                     {{"verb", verb}, {"resource", resource}, {"code", code}}, count);
  };
  expect_requests("LIST", "namespaces", "200", 1);
  expect_requests("LIST", "serviceaccounts", "200", 1);
  expect_requests("LIST", "secrets", "200", 2);
  expect_requests("POST", "secrets", "201", 1);
  expect_requests("PATCH", "serviceaccounts", "200", 1);
  expect_requests("POST", "events", "201", 1);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "mistake"}}, 1);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "ready"}}, 1);
  CHECK(op.metric("icr_pull_secrets_event_to_done_seconds_count") >= 1);
  op.expect_metric("icr_pull_secrets_synced", 1);
  op.expect_metric("icr_pull_secrets_queue_depth", 0);
}

TEST_CASE("clients that never send or never read keep no probe waiting, nor the work") {
  Scene scene;
  auto& op = scene.start();
  const int port = op.log_lines("started").front()["port"];
  std::list<SlowClient> crowd;
  constexpr int kOfEach = 20;
  for (int i = 0; i < kOfEach; ++i) {
    crowd.emplace_back(port, "");
    crowd.emplace_back(port, "GET /livez HT");
    crowd.emplace_back(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  const auto begun = std::chrono::steady_clock::now();
  for (const auto* const path : {"/livez", "/readyz", "/metrics"}) CHECK(op.probe(path) == 200);
  // The crowd's time would be 5 s each.
  CHECK(std::chrono::steady_clock::now() - begun < 4s * patience());
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
}

TEST_CASE("a namespace that goes takes its count with it") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make_in("us-sooth");
  Scene::expect_event(ns, "InvalidRegions");
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "mistake"}}, 1);
  cluster().delete_namespace(ns);
  eventually("it is gone from the count", [&] {
    return op.metric("icr_pull_secrets_namespaces", {{"state", "mistake"}}) == 0 ? "" : "no";
  });
}

TEST_CASE("logs are JSON objects line by line, with the namespace and what was done as fields") {
  Scene scene;
  auto& op = scene.start_with("log: {level: debug}");
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.rotate();
  scene.expect_served(ns);
  CHECK(op.log_fault() == "");
  const auto started = op.log_lines("started");
  REQUIRE(started.size() == 1);
  for (const auto* const field :
       {"version", "revision", "server", "namespace", "credentials", "workers", "port"}) {
    CHECK(started[0].contains(field));
  }
  const auto ready = op.log_lines("credential ready");
  REQUIRE(ready.size() == 2);
  CHECK(ready[0]["credential"] == "default");
  CHECK(ready[0]["revision"] != ready[1]["revision"]);
  std::vector<json> written;
  eventually("the update is in the log, a moment after it is in the cluster", [&] {
    written.clear();
    for (const auto& line : op.log_lines("namespace written")) {
      if (line["namespace"] == ns) written.push_back(line);
    }
    const bool updated =
        !written.empty() && written.back()["actions"] == "update Secret icr-default";
    return updated ? "" : op.log_so_far();
  });
  REQUIRE(written.size() >= 2);
  CHECK(written[0]["actions"].get<std::string>().starts_with("create Secret icr-default"));
  CHECK(written.back()["writes"] == 1);
}

TEST_CASE("with the rights of the chart everything works and another Secret gives a real 403") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  cluster().put_secret(ns, "other", {{"password", "nobody-may-see-this"}});

  Api as_operator(operator_kubeconfig());
  const auto secrets = "/api/v1/namespaces/" + ns + "/secrets";
  CHECK(as_operator.get(secrets + "/" + kCopy).status == 200);
  CHECK(as_operator.get(secrets + "/other").status == 403);
  CHECK(as_operator.get(secrets).status == 403);
  CHECK(as_operator.get("/api/v1/secrets").status == 403);
  CHECK(as_operator.get("/api/v1/secrets?fieldSelector=metadata.name=icr-default").status == 200);
  CHECK(as_operator.get("/api/v1/secrets?fieldSelector=metadata.name=other").status == 403);
  CHECK(as_operator.get("/api/v1/namespaces/" + kOwn + "/secrets/other").status == 403);
  CHECK(as_operator
            .merge("/api/v1/namespaces/" + kOwn + "/secrets/" + kSource,
                   {{"data", {{"apikey", "eA=="}}}})
            .status == 403);
  // All of that was refused to a client of ours; the operator itself was refused nothing.
  for (const auto& seen : proxy().requests()) {
    if (seen.agent != "integration-tests") CHECK(seen.status != 403);
  }
}

TEST_CASE("a port in use ends it with 1 and a message that says so") {
  Scene scene;
  auto& op = scene.start();
  const auto port = op.log_lines("started").front()["port"].get<int>();
  const auto second = refused_run(
      {.kubeconfig = operator_kubeconfig(), .listen = fmt::format("127.0.0.1:{}", port)});
  CHECK(second.exit_code == 1);
  CHECK(second.err.find(fmt::format("can't listen on 127.0.0.1:{}", port)) != std::string::npos);
}

}  // namespace lifecycle_test
