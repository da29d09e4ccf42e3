#include "controller/event_reporter.hpp"

#include <latch>
#include <string>

#include <catch2/catch.hpp>

#include "unit/support/captured_log.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace event_reporter_test {

using namespace icrps;
using namespace icrps::controller;
using test::status;

namespace {

struct Rig {
  void report(unsigned count = 1, bool note = false) {
    plan::Problem problem;
    problem.reason = "InvalidRegions";
    problem.message = "what is wrong";
    problem.note = note;
    reporter.report({"Namespace", "shop", "shop", "uid"}, problem, count);
  }

  test::FakeTransport server;
  kube::Client client{server, [](auto, auto, auto) {}};
  test::FakeClock clock;
  test::CapturedLog log;
  Metrics metrics{"v", "r"};
  EventReporter reporter{client, clock, log.log, metrics};
};

bool complains(const Rig& rig) {
  return rig.log.text().find("event not written") != std::string::npos;
}

}  // namespace

TEST_CASE("a report is an Event, a line and a count", "[controller][events]") {
  Rig rig;
  rig.server.will(201, test::object("shop/shop.1@1").dump());
  rig.report();
  REQUIRE(rig.server.lines.size() == 1);
  CHECK(rig.server.lines[0] == "POST /api/v1/namespaces/shop/events");
  CHECK_THAT(rig.server.requests[0].body, Catch::Contains(R"("reason":"InvalidRegions")"));
  CHECK_THAT(rig.log.text(), Catch::Contains(R"("detail":"what is wrong")"));
  CHECK_THAT(rig.metrics.text(),
             Catch::Contains("icr_pull_secrets_problems_total{reason=\"InvalidRegions\"} 1"));
  CHECK_FALSE(complains(rig));
}

TEST_CASE("an Event that an earlier run wrote is not written again", "[controller][events]") {
  Rig rig;
  rig.server.will(409, status(409, "AlreadyExists").dump());
  rig.report();
  CHECK(rig.server.lines.size() == 1);
  CHECK_FALSE(complains(rig));
}

TEST_CASE("a note that an earlier run wrote, too, is counted up", "[controller][events]") {
  Rig rig;
  rig.server.will(409, status(409, "AlreadyExists").dump())
      .will(200, test::object("shop/shop.1@2").dump());
  plan::Problem note{"SecretRepaired", "what was done", false, true};
  rig.reporter.report({"Namespace", "shop", "shop", "uid"}, note);
  REQUIRE(rig.server.lines.size() == 2);
  CHECK_THAT(rig.server.requests[1].body, Catch::StartsWith(R"({"count":2,)"));
}

TEST_CASE("a problem that comes back counts the Event up", "[controller][events]") {
  Rig rig;
  rig.server.will(409, status(409, "AlreadyExists").dump())
      .will(200, test::object("shop/shop.1@2").dump());
  rig.report(3);
  REQUIRE(rig.server.lines.size() == 2);
  CHECK(rig.server.lines[1].rfind("PATCH /api/v1/namespaces/shop/events/shop.", 0) == 0);
  CHECK_THAT(rig.server.requests[1].body, Catch::StartsWith(R"({"count":3,)"));
  CHECK_FALSE(complains(rig));
}

TEST_CASE("an Event that can't be written is a line in the log, and no more",
          "[controller][events]") {
  Rig rig;
  SECTION("forbidden") {
    rig.server.will(403, status(403, "Forbidden").dump());
    rig.report();
    CHECK(complains(rig));
  }
  SECTION("no answer") {
    rig.server.will(test::failure(http::Failure::Kind::kTimeout));
    rig.report();
    CHECK(complains(rig));
  }
  SECTION("a namespace that is going wants none") {
    rig.server.will(
        403, status(403, "Forbidden", "no", {{"causes", {{{"reason", "NamespaceTerminating"}}}}})
                 .dump());
    rig.report();
    CHECK_FALSE(complains(rig));
  }
  CHECK(rig.server.lines.size() == 1);
}

TEST_CASE("who reports does not wait for the Event", "[controller][events]") {
  Rig rig;
  std::latch asked(1);
  std::latch answer(1);
  rig.server.answer = [&](const http::Request& /*request*/) -> http::Result {
    asked.count_down();
    answer.wait();
    return test::response(201, test::object("shop/shop.1@1").dump());
  };
  struct Aside {
    explicit Aside(Rig& rig)
        : reporter(rig.client, rig.clock, rig.log.log, rig.metrics, &tasks), tasks(1, rig.clock) {}
    EventReporter reporter;
    SideTasks tasks;
  } aside(rig);
  aside.reporter.report({"Namespace", "shop", "shop", "uid"}, {"InvalidRegions", "what is wrong"});
  asked.wait();  // it is on its way, and we are here
  CHECK_THAT(rig.log.text(), Catch::Contains(R"("detail":"what is wrong")"));
  answer.count_down();
}

TEST_CASE("what is only worth saying is no problem in the metric", "[controller][events]") {
  Rig rig;
  rig.server.will(201, test::object("shop/shop.1@1").dump());
  rig.report(1, true);
  CHECK(rig.metrics.text().find("problems_total{") == std::string::npos);
}

TEST_CASE("an Event that could not be written is tried again", "[controller][events]") {
  Rig rig;
  std::stop_source stop;
  rig.server.on_exhausted = [&] { stop.request_stop(); };
  const std::string created = "POST /api/v1/namespaces/shop/events";
  SECTION("when the API server gave no answer, or none that means anything") {
    rig.server.will(test::failure(http::Failure::Kind::kConnect)).will(502, "<html>");
    rig.report();
    CHECK(complains(rig));
    rig.reporter.run(stop.get_token());
    // The second attempt fails, and the third finds the script at its end.
    CHECK(rig.server.lines == std::vector<std::string>{created, created, created});
    CHECK(rig.server.requests[0].body == rig.server.requests[1].body);
  }
  SECTION("but not when it says no") {
    rig.server.will(403, status(403, "Forbidden").dump());
    rig.report();
    CHECK(complains(rig));
    stop.request_stop();
    rig.reporter.run(stop.get_token());
    CHECK(rig.server.lines == std::vector<std::string>{created});
  }
}

}  // namespace event_reporter_test
