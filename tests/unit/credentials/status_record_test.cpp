// The ConfigMap in which the operator keeps what it knows about each credential.
#include "credentials/status_record.hpp"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include <catch2/catch.hpp>

#include "runtime/timestamp.hpp"
#include "unit/support/captured_log.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace status_record_test {

using namespace icrps;
using credentials::Status;
using credentials::StatusRecord;

namespace {

const std::string kGone = test::status(404, "NotFound").dump();

Status some_status() {
  return {"accessToken",
          "d971d6b35193",
          parse_rfc3339("2026-11-23T06:20:44Z"),
          parse_rfc3339("2026-11-23T07:20:44Z"),
          "proved",
          parse_rfc3339("2026-11-23T06:20:45Z"),
          "a \"message\"",
          "d971d6b35192",
          "d971d6b35191",
          "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
          "0f3c5e1d2b4a",
          parse_rfc3339("2026-11-23T06:50:44Z")};
}

constexpr const char* kTarget = "PATCH /api/v1/namespaces/op/configmaps/icr-pull-secrets-status";

struct Rig {
  test::FakeTransport transport;
  test::CapturedLog log;
  kube::Client client{transport, [](auto, auto, auto) {}};
  StatusRecord record{client, "op", log.log};
};

}  // namespace

TEST_CASE("a status is read as it was written", "[credentials][record]") {
  for (const auto& status : {some_status(), Status{}}) {
    CHECK(credentials::decode_status_line(credentials::encode_status(status)) == status);
  }
}

TEST_CASE("a record that somebody edited is no reason to fail", "[credentials][record]") {
  for (const auto* const text : {"", "x", "[]", "null", "{", "7"}) {
    INFO(text);
    CHECK_FALSE(credentials::decode_status_line(text));
  }
  CHECK(credentials::decode_status_line(R"({"revision":7,"since":"soon","proof":null})") ==
        Status{});
}

TEST_CASE("the record is read once and written when something has changed",
          "[credentials][record]") {
  Rig rig;
  const test::Json config_map = {
      {"metadata", {{"name", "icr-pull-secrets-status"}}},
      {"data",
       {{"a.json", credentials::encode_status(some_status())}, {"b.json", "x"}, {"c", "{}"}}}};
  rig.transport.will(200, config_map.dump());
  CHECK(rig.record.get("a") == some_status());
  CHECK(rig.record.get("b") == Status{});
  rig.record.set("a", some_status());
  auto later = some_status();
  later.proof_at = parse_rfc3339("2026-11-23T07:00:00Z");
  rig.record.set("a", later);  // proved again: no write for that alone
  CHECK(rig.transport.lines.size() == 1);
  rig.transport.will(200, config_map.dump());
  later.proof_at = parse_rfc3339("2026-11-23T07:30:00Z");
  rig.record.set("a", later);  // but about once an hour
  CHECK(rig.transport.lines.size() == 2);
  later.revision = "another";
  rig.transport.will(200, config_map.dump());
  rig.record.set("a", later);
  REQUIRE(rig.transport.lines.size() == 3);
  CHECK(rig.transport.lines[2] == kTarget);
  const auto body = test::Json::parse(rig.transport.requests[2].body);
  CHECK(credentials::decode_status_line(body["data"]["a.json"].get<std::string>()) == later);
}

TEST_CASE("the record knows credentials that nobody sets, and forgets what it is told to",
          "[credentials][record]") {
  Rig rig;
  const auto line = credentials::encode_status(some_status());
  const test::Json config_map = {{"kind", "ConfigMap"},
                                 {"metadata", {{"name", "icr-pull-secrets-status"}}},
                                 {"data", {{"old.json", line}, {"new.json", line}}}};
  rig.transport.will(200, config_map.dump()).will(200, "{}").will(200, "{}");
  rig.record.set("made", Status{});  // nothing to tell: no entry
  CHECK(rig.record.recorded() == std::vector<std::string>{"new", "old"});
  rig.record.erase("old");
  REQUIRE(rig.transport.lines.size() == 2);
  CHECK(rig.transport.lines[1] == kTarget);
  CHECK(rig.transport.requests[1].body == R"({"data":{"old.json":null}})");
}

TEST_CASE("the record knows what copies were called, until the name is retired",
          "[credentials][record]") {
  using Names = std::vector<std::string>;
  const test::Json config_map = {{"kind", "ConfigMap"},
                                 {"metadata", {{"name", "icr-pull-secrets-status"}}},
                                 {"data", {{"a.json", R"({"secretNames":["icr-a",7]})"}}}};
  Rig rig;
  rig.transport.will(200, config_map.dump());
  CHECK(rig.record.called({"a", "icr-a"}, {"icr-a"}).empty());
  CHECK(rig.transport.lines.size() == 1);  // it was known: nothing is written
  rig.transport.will(200, "{}").will(200, "{}").will(200, "{}");
  CHECK(rig.record.called({"a", "new"}, {"new"}) == Names{"icr-a"});
  CHECK(rig.transport.requests[1].body ==
        R"({"data":{"a.json":"{\"secretNames\":[\"icr-a\",\"new\"]}"}})");
  rig.record.set("a", some_status());  // who sets the rest changes no name
  CHECK(rig.record.get("a").secret_names == Names{"icr-a", "new"});
  CHECK(rig.record.called({"a", "new"}, {"new", "icr-a", "x"}).empty());
  CHECK(rig.record.get("a").secret_names == Names{"new"});
  CHECK(rig.transport.lines.size() == 4);

  Rig silent;
  silent.transport.will(503);
  CHECK(silent.record.called({"a", "new"}, {"new"}).empty());
  CHECK(silent.transport.lines.size() == 1);
}

TEST_CASE("the record is made when there is none", "[credentials][record]") {
  Rig rig;
  rig.transport.will(404, kGone).will(404, kGone).will(201, R"({"metadata":{"name":"x"}})");
  CHECK(rig.record.get("a") == Status{});
  rig.record.set("a", some_status());
  REQUIRE(rig.transport.lines.size() == 3);
  CHECK(rig.transport.lines[2] == "POST /api/v1/namespaces/op/configmaps");
  CHECK(test::Json::parse(rig.transport.requests[2].body)["metadata"]["name"] ==
        "icr-pull-secrets-status");
}

TEST_CASE("an operator that may not write its record says so once and goes on",
          "[credentials][record]") {
  Rig rig;
  rig.transport.answer = [](const http::Request&) -> http::Result {
    return http::Response{{403, {}}, test::status(403, "Forbidden").dump()};
  };
  rig.record.set("a", some_status());
  rig.record.set("b", some_status());
  const auto text = rig.log.text();
  const auto first = text.find("the status can't be recorded");
  REQUIRE(first != std::string::npos);
  CHECK(text.find("the status can't be recorded", first + 1) == std::string::npos);
}

namespace {

/// An API server whose admission hangs for entries of some credentials, until it is let go.
class HangingServer final : public http::Transport {
 public:
  explicit HangingServer(std::string entry) : entry_(std::move(entry)) {}

  http::Result send(const http::Request& request, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    bodies_.push_back(request.body);
    changed_.notify_all();
    if (request.body.find(entry_) != std::string::npos) {
      changed_.wait(lock, stop, [this] { return !hangs_; });
      if (stop.stop_requested()) return test::failure(http::Failure::Kind::kCanceled);
    }
    return test::response(200, R"({"metadata":{"name":"x"}})");
  }
  http::StreamEnd stream(const http::StreamRequest& /*request*/,
                         const std::function<bool(std::string_view)>& /*on_bytes*/,
                         std::stop_token /*stop*/) override {
    return {};
  }

  void let_go() {
    const std::lock_guard lock(mutex_);
    hangs_ = false;
    changed_.notify_all();
  }
  /// Returns when so many requests have come.
  void expect(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return bodies_.size() >= count; });
  }
  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

 private:
  const std::string entry_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool hangs_ = true;
  std::vector<std::string> bodies_;
};

struct HangingRig {
  HangingServer server{"a.json"};
  test::CapturedLog log;
  kube::Client client{server, [](auto, auto, auto) {}};
  StatusRecord record{client, "op", log.log};
  std::stop_source stop;

  /// A thread that is in the middle of writing the entry of "a".
  std::jthread write_a() {
    record.end_with(stop.get_token());
    std::jthread writer([this] { record.set("a", some_status()); });
    server.expect(1);
    return writer;
  }
};

}  // namespace

TEST_CASE("a record whose write hangs holds up neither another's nor a look at its own",
          "[credentials][record]") {
  HangingRig rig;
  {
    const auto writer = rig.write_a();
    rig.record.set("b", some_status());
    CHECK(rig.record.get("b") == some_status());
    CHECK(rig.record.get("a") == some_status());
    auto later = some_status();
    later.revision = "later";
    rig.record.set("a", later);  // left to the one that writes
    CHECK(rig.record.get("a") == later);
    rig.server.let_go();
  }
  const auto bodies = rig.server.bodies();
  REQUIRE(bodies.size() == 4);  // a, b, the first look, a again
  CHECK(bodies[1].find("b.json") != std::string::npos);
  CHECK(bodies[3].find("later") != std::string::npos);
}

TEST_CASE("a stop request ends the writing of a record, without a word", "[credentials][record]") {
  HangingRig rig;
  {
    const auto writer = rig.write_a();
    rig.stop.request_stop();
  }
  CHECK(rig.log.text().empty());
}

TEST_CASE("what could not be recorded for want of an answer is written with the next occasion",
          "[credentials][record]") {
  Rig rig;
  rig.transport.will(test::failure(http::Failure::Kind::kTimeout));
  rig.record.set("a", some_status());
  rig.transport.will(200, R"({"metadata":{"name":"x"}})");
  rig.record.set("a", some_status());
  rig.record.set("a", some_status());
  CHECK(rig.transport.lines == std::vector<std::string>{kTarget, kTarget});
}

TEST_CASE("of two that make the record at once the second adds to it", "[credentials][record]") {
  Rig rig;
  rig.transport.will(404, kGone)
      .will(409, test::status(409, "AlreadyExists").dump())
      .will(200, R"({"metadata":{"name":"x"}})");
  rig.record.set("a", some_status());
  CHECK(rig.transport.lines ==
        std::vector<std::string>{kTarget, "POST /api/v1/namespaces/op/configmaps", kTarget});
  CHECK(rig.log.text().empty());
}

TEST_CASE("who sets an entry does not wait for its write, and only the last is written",
          "[credentials][record]") {
  Rig rig;
  std::vector<StatusRecord::Write> waiting;
  StatusRecord record(rig.client, "op", rig.log.log, [&](const std::string& name, auto write) {
    CHECK(name == "a");
    waiting.push_back(std::move(write));
    return true;
  });
  rig.transport.will(404, test::status(404, "NotFound").dump());
  CHECK(record.get("a") == Status{});
  const auto asked = rig.transport.lines.size();
  auto status = some_status();
  record.set("a", status);
  status.message = "the last";
  record.set("a", status);
  CHECK(record.get("a") == status);
  CHECK(rig.transport.lines.size() == asked);
  REQUIRE(waiting.size() == 1);
  rig.transport.will(200, test::object("op/icr-pull-secrets-status@1").dump());
  waiting[0]({});
  CHECK(rig.transport.lines.size() == asked + 1);
  CHECK_THAT(rig.transport.requests.back().body, Catch::Contains("the last"));
}

TEST_CASE("an entry whose write is not taken is written with the next", "[credentials][record]") {
  Rig rig;
  int asked = 0;
  StatusRecord record(rig.client, "op", rig.log.log,
                      [&](const std::string& /*name*/, const auto& /*write*/) {
                        ++asked;
                        return false;
                      });
  record.set("a", some_status());
  record.set("a", some_status());
  CHECK(asked == 2);
}

TEST_CASE("the record tells what was handed out before", "[credentials][record]") {
  CHECK(credentials::before({}, "r1").empty());
  Status recorded;
  recorded.revision = "r1";
  CHECK(credentials::before(recorded, "r2") == "r1");  // it takes the place of what is recorded
  CHECK(credentials::before(recorded, "r1").empty());  // a restart
  recorded.replaced_revision = "r0";
  CHECK(credentials::before(recorded, "r1") == "r0");
}

}  // namespace status_record_test
