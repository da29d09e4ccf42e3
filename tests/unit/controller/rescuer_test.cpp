// A rescuer, a scripted API server and a clock.
#include "controller/rescuer.hpp"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/captured_log.hpp"
#include "unit/support/dice.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace rescuer_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;
using test::page;
using test::status;
using test::stuck_pod;
using Words = std::vector<std::string>;

namespace {

const std::string kPods = "/api/v1/namespaces/shop/pods";
const std::string kList = "GET " + kPods + "?fieldSelector=status.phase=Pending&limit=25";
const std::string kListWeb =
    "GET " + kPods + "?fieldSelector=metadata.name=web,status.phase=Pending&limit=25";
const std::string kEvict = "POST " + kPods + "/web/eviction";
const std::string kEvent = "POST /api/v1/namespaces/shop/events";
const std::string kEvicted = R"({"kind":"Status","status":"Success","code":201})";

struct Rig {
  Rig& will(int code, const std::string& body, std::vector<http::Header> headers = {}) {
    server.will(code, body, std::move(headers));
    return *this;
  }
  Rig& lists(const std::vector<test::Json>& pods) { return will(200, page(pods, "40")); }
  Rig& evicts() { return will(201, kEvicted); }
  Rig& takes_event() { return will(201, test::object("shop/e@1").dump()); }
  Rig& refuses(int code, std::vector<http::Header> headers = {}) {
    return will(code, status(code, "Some", "the server's words").dump(), std::move(headers));
  }

  /// Does all that is due now.
  void work() {
    while (rescuer.step(stop.get_token())) {
    }
  }
  /// An attachment, and all that follows within `time`.
  void attach_and_wait(std::chrono::seconds time = 11s) {
    rescuer.attached("shop");
    wait(time);
  }
  void wait(std::chrono::seconds time) {
    for (auto left = std::chrono::milliseconds(time); left > 0ms; left -= 100ms) {
      clock.advance(100ms);
      work();
    }
  }
  [[nodiscard]] bool counts(const std::string& series) const {
    return metrics.text().find("icr_pull_secrets_rescue_" + series) != std::string::npos;
  }
  /// The body of the last request.
  [[nodiscard]] test::Json last() const { return test::Json::parse(server.requests.back().body); }

  test::FakeTransport server;
  test::FakeClock clock;
  kube::Client client{server, [](auto, auto, auto) {}};
  test::CapturedLog log;
  Metrics metrics{"v", "r"};
  EventReporter reporter{client, clock, log.log, metrics};
  std::optional<Rescuer::Known> known{
      {"uid-of-shop", {{"default", {{"icr-default", {"us.icr.io"}}}}}}};
  std::stop_source stop;
  Rescuer rescuer{10s,
                  {client, reporter, clock, log.log, metrics, test::always(0.0),
                   [this](const std::string& /*ns*/) { return known; }}};
};

}  // namespace

TEST_CASE("a pod that was too early is evicted, and that is said", "[rescue]") {
  Rig rig;
  rig.lists({stuck_pod("shop/web@7")}).evicts().takes_event();
  rig.attach_and_wait(9s);
  CHECK(rig.server.lines.empty());
  rig.wait(2s);
  REQUIRE(rig.server.lines == Words{kList, kEvict, kEvent});
  CHECK(test::Json::parse(rig.server.requests[1].body) ==
        test::Json{{"apiVersion", "policy/v1"},
                   {"kind", "Eviction"},
                   {"metadata", {{"name", "web"}, {"namespace", "shop"}}},
                   {"deleteOptions", {{"preconditions", {{"uid", "uid-of-web"}}}}}});
  const auto event = rig.last();
  CHECK(event["reason"] == "PodRescued");
  CHECK(event["type"] == "Normal");
  CHECK(event["involvedObject"]["kind"] == "Pod");
  CHECK(event["involvedObject"]["name"] == "web");
  CHECK(event["involvedObject"]["uid"] == "uid-of-web");
  const std::string message = event["message"];
  CHECK_THAT(message, Catch::Contains("us.icr.io/team/app:1") && Catch::Contains("icr-default"));
  CHECK(rig.counts(R"(looks_total{outcome="done"} 1)"));
  CHECK(rig.counts(R"(pods_total{outcome="evicted"} 1)"));
  rig.wait(60s);
  CHECK(rig.server.lines.size() == 3);
}

TEST_CASE("a pod that nobody would make anew is only told about", "[rescue]") {
  Rig rig;
  auto pod = stuck_pod("shop/web@7");
  pod["metadata"].erase("ownerReferences");
  rig.lists({pod}).takes_event();
  rig.attach_and_wait();
  REQUIRE(rig.server.lines == Words{kList, kEvent});
  CHECK(rig.last()["reason"] == "PodNeedsRestart");
  CHECK(rig.last()["type"] == "Warning");
  CHECK(rig.counts(R"(pods_total{outcome="told"} 1)"));
}

TEST_CASE("an init container counts as well", "[rescue]") {
  Rig rig;
  auto pod = stuck_pod("shop/web@7");
  pod["spec"]["initContainers"] = {{{"name", "first"}, {"image", "us.icr.io/team/init:1"}}};
  pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] = "PodInitializing";
  pod["status"]["initContainerStatuses"] = {
      {{"name", "first"}, {"state", {{"waiting", {{"reason", "ErrImagePull"}}}}}}};
  rig.lists({pod}).evicts().takes_event();
  rig.attach_and_wait();
  CHECK(rig.server.lines == Words{kList, kEvict, kEvent});
}

TEST_CASE("what is well stays as it is", "[rescue]") {
  Rig rig;
  auto pulling = stuck_pod("shop/web@7");
  pulling["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] = "ContainerCreating";
  auto attached = stuck_pod("shop/other@7");
  attached["spec"]["imagePullSecrets"] = {{{"name", "icr-default"}}};
  rig.lists({pulling, attached});
  rig.attach_and_wait();
  CHECK(rig.server.lines == Words{kList});
}

TEST_CASE("a list of several pages is read to its end", "[rescue]") {
  Rig rig;
  rig.will(200, page({test::object("shop/a@1")}, "40", "next"));
  rig.lists({stuck_pod("shop/web@7")}).evicts().takes_event();
  rig.attach_and_wait();
  CHECK(rig.server.lines == Words{kList, kList + "&continue=next", kEvict, kEvent});
}

TEST_CASE("a page of pods may not use up the memory", "[rescue]") {
  Rig rig;
  rig.lists({});
  rig.attach_and_wait();
  REQUIRE(rig.server.requests.size() == 1);
  CHECK(rig.server.requests[0].max_body == std::size_t{4} << 20U);
}

TEST_CASE("nobody asks where a new pod would get nothing", "[rescue]") {
  Rig rig;
  SECTION("opted out meanwhile") {
    rig.known->references.clear();
  }
  SECTION("gone meanwhile") {
    rig.known.reset();
  }
  rig.attach_and_wait();
  CHECK(rig.server.lines.empty());
}

TEST_CASE("a budget that says no is asked again", "[rescue]") {
  Rig rig;
  rig.lists({stuck_pod("shop/web@7")}).refuses(429, {{"Retry-After", "5"}});
  rig.attach_and_wait();
  rig.wait(3s);
  REQUIRE(rig.server.lines == Words{kList, kEvict});
  SECTION("until it says yes") {
    rig.lists({stuck_pod("shop/web@8")}).evicts().takes_event();
    rig.wait(3s);
    CHECK(rig.server.lines == Words{kList, kEvict, kListWeb, kEvict, kEvent});
    CHECK(rig.counts(R"(pods_total{outcome="evicted"} 1)"));
  }
  SECTION("unless the pod has helped itself") {
    rig.lists({});
    rig.wait(60s);
    CHECK(rig.server.lines == Words{kList, kEvict, kListWeb});
  }
  SECTION("unless there is another pod of that name") {
    auto other = stuck_pod("shop/web@8");
    other["metadata"]["uid"] = "uid-of-another";
    rig.lists({other});
    rig.wait(60s);
    CHECK(rig.server.lines == Words{kList, kEvict, kListWeb});
  }
  SECTION("unless the namespace has opted out") {
    rig.known->references.clear();
    rig.lists({stuck_pod("shop/web@8")});
    rig.wait(60s);
    CHECK(rig.server.lines == Words{kList, kEvict, kListWeb});
  }
  if (rig.server.lines.size() == 3) CHECK(rig.counts(R"(pods_total{outcome="gone"} 1)"));
}

TEST_CASE("a budget that never says yes is told about in the end", "[rescue]") {
  Rig rig;
  rig.server.answer = [](const http::Request& request) -> http::Result {
    if (request.method == http::Method::kGet) {
      return test::response(200, page({stuck_pod("shop/web@7")}, "40"));
    }
    if (request.target.ends_with("/events")) {
      return test::response(201, test::object("shop/e@1").dump());
    }
    return test::response(429, status(429, "TooManyRequests", "would violate the budget.").dump());
  };
  rig.attach_and_wait(600s);
  REQUIRE(rig.server.lines.back() == kEvent);
  CHECK(rig.last()["reason"] == "PodNotRescued");
  CHECK(rig.last()["type"] == "Warning");
  CHECK_THAT(rig.last()["message"].get<std::string>(),
             Catch::Contains("would violate the budget. Delete it"));
  CHECK(rig.counts(R"(pods_total{outcome="given_up"} 1)"));
  CHECK(rig.server.lines.size() < 30);
  const auto so_far = rig.server.lines.size();
  rig.wait(600s);
  CHECK(rig.server.lines.size() == so_far);
}

TEST_CASE("a pod that is gone, or another one by now, is fine", "[rescue]") {
  for (const int code : {404, 409}) {
    DYNAMIC_SECTION(code) {
      Rig rig;
      rig.lists({stuck_pod("shop/web@7")}).refuses(code);
      rig.attach_and_wait(60s);
      CHECK(rig.server.lines == Words{kList, kEvict});
      CHECK(rig.counts(R"(pods_total{outcome="gone"} 1)"));
    }
  }
}

TEST_CASE("an eviction without an answer is tried again", "[rescue]") {
  Rig rig;
  rig.lists({stuck_pod("shop/web@7")});
  rig.server.will(test::failure(http::Failure::Kind::kTimeout));
  rig.lists({stuck_pod("shop/web@7")}).evicts().takes_event();
  rig.attach_and_wait(20s);
  CHECK(rig.server.lines == Words{kList, kEvict, kListWeb, kEvict, kEvent});
}

TEST_CASE("an eviction that the API server can't understand is given up at once", "[rescue]") {
  Rig rig;
  rig.lists({stuck_pod("shop/web@7")}).refuses(422).takes_event();
  rig.attach_and_wait(60s);
  CHECK(rig.server.lines == Words{kList, kEvict, kEvent});
  CHECK(rig.last()["reason"] == "PodNotRescued");
}

TEST_CASE("missing rights are told once, in the namespace", "[rescue]") {
  Rig rig;
  SECTION("to list") {
    rig.refuses(403).takes_event();
    rig.attach_and_wait(60s);
    CHECK(rig.server.lines == Words{kList, kEvent});
    CHECK(rig.counts(R"(looks_total{outcome="forbidden"} 1)"));
  }
  SECTION("to evict") {
    rig.lists({stuck_pod("shop/web@7"), stuck_pod("shop/web2@7")});
    rig.refuses(403).takes_event().refuses(403);
    rig.attach_and_wait(60s);
    CHECK(rig.server.lines == Words{kList, kEvict, kEvent, "POST " + kPods + "/web2/eviction"});
    CHECK(rig.counts(R"(pods_total{outcome="forbidden"} 2)"));
  }
  const auto event =
      test::Json::parse(rig.server.requests[rig.server.lines.size() > 2 ? 2 : 1].body);
  CHECK(event["reason"] == "Forbidden");
  CHECK(event["involvedObject"]["kind"] == "Namespace");
  CHECK_THAT(event["message"].get<std::string>(), Catch::Contains("the server's words") &&
                                                      Catch::Contains("list pods") &&
                                                      Catch::Contains("pods/eviction"));
}

TEST_CASE("a look that fails is tried again, and given up in the end", "[rescue]") {
  Rig rig;
  SECTION("it passes") {
    rig.refuses(503).refuses(429, {{"Retry-After", "3"}});
    rig.lists({});
    rig.attach_and_wait(20s);
    CHECK(rig.server.lines == Words{kList, kList, kList});
    CHECK(rig.counts(R"(looks_total{outcome="done"} 1)"));
  }
  SECTION("it does not") {
    rig.server.answer = [](const http::Request&) -> http::Result { return test::response(500); };
    rig.attach_and_wait(600s);
    CHECK(rig.server.lines.size() > 5);
    CHECK(rig.server.lines.size() < 15);
    CHECK(rig.counts(R"(looks_total{outcome="failed"} 1)"));
    CHECK_THAT(rig.log.text(), Catch::Contains("not looked for pods"));
  }
  SECTION("the namespace is gone") {
    rig.refuses(404);
    rig.attach_and_wait(60s);
    CHECK(rig.server.lines == Words{kList});
    CHECK(rig.counts(R"(looks_total{outcome="gone"} 1)"));
  }
}

TEST_CASE("an eviction whose turn comes late looks again first", "[rescue]") {
  Rig rig;
  std::vector<test::Json> pods;
  constexpr int kMany = 60;  // 12 s at five a second
  for (int i = 0; i < kMany; ++i) pods.push_back(stuck_pod("shop/web" + std::to_string(i) + "@7"));
  rig.server.answer = [&](const http::Request& request) -> http::Result {
    if (request.target.find("metadata.name") != std::string::npos) {
      return test::response(200, page({}, "41"));
    }
    if (request.method == http::Method::kGet) return test::response(200, page(pods, "40"));
    if (request.target.ends_with("/eviction")) return test::response(201, kEvicted);
    return test::response(201, test::object("shop/e@1").dump());
  };
  rig.attach_and_wait(60s);
  const auto evictions =
      std::count_if(rig.server.lines.begin(), rig.server.lines.end(),
                    [](const std::string& line) { return line.ends_with("/eviction"); });
  CHECK(evictions == 51);
  CHECK(rig.counts(R"(pods_total{outcome="gone"} 9)"));
}

TEST_CASE("the thread works when something is due, and ends when asked to", "[rescue]") {
  // No assertion and no other use of the rig while the thread runs.
  const SystemClock clock;
  test::FakeTransport server;
  kube::Client client(server, [](auto, auto, auto) {});
  const test::CapturedLog log;
  Metrics metrics("v", "r");
  EventReporter reporter(client, clock, log.log, metrics);
  std::stop_source stop;
  std::jthread thread;
  server.will(200, page({stuck_pod("shop/web@7")}, "40"));
  server.will(201, kEvicted);
  server.on_exhausted = [&] { stop.request_stop(); };  // the Event
  Rescuer rescuer(
      1ms, {client, reporter, clock, log.log, metrics, system_random(), [](const std::string&) {
              return std::optional<Rescuer::Known>(
                  {"uid-of-shop", {{"default", {{"icr-default", {"us.icr.io"}}}}}});
            }});
  thread = std::jthread([&] { rescuer.run(stop.get_token()); });
  rescuer.attached("shop");
  thread.join();
  CHECK(server.lines == Words{kList, kEvict, kEvent});
}

}  // namespace rescuer_test
