// The watcher's requests, by a scripted API server. It stops when the script is over.
#include "kube/watcher.hpp"

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/captured_log.hpp"
#include "unit/support/dice.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"
#include "unit/support/recording_sink.hpp"

namespace watcher_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;
using test::event;
using test::object;
using test::page;
using Words = std::vector<std::string>;
using FailureKind = http::Failure::Kind;

namespace {

struct Rig {
  explicit Rig(double random = 0.999) : random_(random) {
    server.on_exhausted = [this] { stop.request_stop(); };
  }

  void run(const Collection& collection) { run(collection, sink); }
  void run(const Collection& collection, Sink& into) {
    Watcher watcher(collection, into,
                    {server, clock, log.log, test::always(random_),
                     [this](auto verb, auto resource, auto code) {
                       observed.push_back(std::string(verb) + " " + std::string(resource) + " " +
                                          std::string(code));
                     },
                     [this](auto resource, auto reason) {
                       restarts.push_back(std::string(resource) + " " + std::string(reason));
                     },
                     pulse});
    watcher.run(stop.get_token());
  }

  test::FakeTransport server;
  test::FakeClock clock;
  test::CapturedLog log;
  test::RecordingSink sink;
  std::stop_source stop;
  std::shared_ptr<Pulse> pulse = std::make_shared<Pulse>(clock);
  Words observed;
  Words restarts;

 private:
  const double random_;
};

const Collection kNamespaces{"namespaces", "namespaces", {}, {}, true};
const Collection kCopies{"secrets", "secrets", {}, "metadata.name=icr-default", false, 250};

/// The value of a parameter in a target, or "".
std::string parameter(const std::string& target, const std::string& name) {
  for (const char* mark : {"?", "&"}) {
    const auto begin = target.find(mark + name + "=");
    if (begin == std::string::npos) continue;
    const auto value = begin + name.size() + 2;
    return target.substr(value, target.find('&', value) - value);
  }
  return "";
}

}  // namespace

TEST_CASE("lists and watches ask for the right form of the objects", "[kube][watcher]") {
  Rig rig;
  rig.server.will(200, page({}, "10")).will_stream({});
  SECTION("metadata only") {
    rig.run(kNamespaces);
    CHECK(test::header(rig.server.requests.at(0).headers, "Accept") ==
          "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    CHECK(test::header(rig.server.streams.at(0).headers, "Accept") ==
          "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  }
  SECTION("whole objects") {
    rig.run(kCopies);
    CHECK(test::header(rig.server.requests.at(0).headers, "Accept") == "application/json");
    CHECK(test::header(rig.server.streams.at(0).headers, "Accept") == "application/json");
  }
}

TEST_CASE("a list is paged, and its token is escaped", "[kube][watcher]") {
  Rig rig;
  rig.server.will(200, page({object("shop@1")}, "10", "a+b/c=&x~"))
      .will(200, page({object("web@2")}, "10"));
  rig.run(kCopies);
  CHECK(rig.server.lines.at(0) ==
        "GET /api/v1/secrets?fieldSelector=metadata.name=icr-default&limit=250");
  CHECK(rig.server.lines.at(1) ==
        "GET /api/v1/secrets?fieldSelector=metadata.name=icr-default&limit=250"
        "&continue=a%2Bb%2Fc%3D%26x~");
  CHECK(rig.sink.heard == Words{"begin", "apply shop@1", "apply web@2", "end @10"});
  CHECK(rig.observed == Words{"LIST secrets 200", "LIST secrets 200", "WATCH secrets broken"});
}

TEST_CASE("a page that is too large is asked for in smaller ones", "[kube][watcher]") {
  Rig rig;
  rig.server.will(200, page({object("a@1")}, "10", "next"))
      .will(test::failure(FailureKind::kTooLarge))
      .will(test::failure(FailureKind::kTooLarge))
      .will(200, page({object("b@2")}, "10", "more"))
      .will(200, page({object("c@3")}, "10"));
  rig.run(kCopies);
  const std::string list = "GET /api/v1/secrets?fieldSelector=metadata.name=icr-default&limit=";
  REQUIRE(rig.server.lines.size() >= 5);
  CHECK(Words(rig.server.lines.begin(), rig.server.lines.begin() + 5) ==
        Words{list + "250", list + "250&continue=next", list + "31&continue=next",
              list + "3&continue=next", list + "250&continue=more"});
  CHECK(rig.sink.heard == Words{"begin", "apply a@1", "apply b@2", "apply c@3", "end @10"});
}

TEST_CASE("an object that is too large by itself is a failure", "[kube][watcher]") {
  Rig rig;
  for (int i = 0; i < 4; ++i) rig.server.will(test::failure(FailureKind::kTooLarge));
  rig.run(kCopies);
  CHECK(rig.server.lines.at(3).ends_with("limit=1"));
  CHECK(rig.observed.front() == "LIST secrets too_large");
}

TEST_CASE("a watch goes on where the list ended, with bookmarks and an end", "[kube][watcher]") {
  Rig rig;
  rig.server.will(200, page({}, "10"))
      .will_stream({event("BOOKMARK", object("@12"))})
      .will(200, page({}, "12"))
      .will_stream({});
  rig.run(kNamespaces);
  const auto& first = rig.server.streams.at(0).target;
  CHECK(first.rfind("/api/v1/namespaces?", 0) == 0);
  CHECK(parameter(first, "watch") == "1");
  CHECK(parameter(first, "allowWatchBookmarks") == "true");
  CHECK(parameter(first, "resourceVersion") == "10");
  CHECK(parameter(rig.server.streams.at(1).target, "resourceVersion") == "12");
}

TEST_CASE("the server ends a watch after four to five minutes", "[kube][watcher]") {
  struct Case {
    double random;
    std::string seconds;
  };
  for (const auto& [random, seconds] :
       std::vector<Case>{{0, "240"}, {0.5, "270"}, {0.999, "299"}}) {
    Rig rig(random);
    rig.server.will(200, page({}, "10"));
    rig.run(kNamespaces);
    const auto& stream = rig.server.streams.at(0);
    CHECK(parameter(stream.target, "timeoutSeconds") == seconds);
    // One that does not is given up soon after.
    CHECK(stream.idle_limit == std::chrono::seconds(std::stoi(seconds)) + 10s);
  }
}

TEST_CASE("a namespace's collection stands below the namespace", "[kube][watcher]") {
  Rig rig;
  rig.server.will(403);
  rig.run({"secrets", "secrets", "operator", "metadata.name=key", false, 250});
  CHECK(rig.server.lines.at(0) ==
        "GET /api/v1/namespaces/operator/secrets?fieldSelector=metadata.name=key&limit=250");
}

TEST_CASE("labels that a collection keeps reach the sink", "[kube][watcher]") {
  struct Labels final : Sink {
    void relist_begins() override {}
    void apply(Object&& object) override { seen.push_back(object.labels); }
    void removed(Object&& /*object*/) override {}
    void relist_ends(const std::string& /*version*/) override {}
    std::vector<std::map<std::string, std::string>> seen;
  };
  auto shop = object("shop@11");
  shop["metadata"]["labels"] = {{"team", "b"}, {"env", "prod"}};
  auto namespaces = kNamespaces;
  namespaces.keep.labels = {"team"};
  Rig rig;
  Labels labels;
  rig.server.will(200, page({shop}, "10")).will_stream({event("MODIFIED", shop)});
  rig.run(namespaces, labels);
  const std::map<std::string, std::string> kept{{"team", "b"}};
  CHECK(labels.seen == std::vector{kept, kept});
}

TEST_CASE("events reach the sink as they come", "[kube][watcher]") {
  Rig rig;
  const auto added = event("ADDED", object("shop@11"));
  rig.server.will(200, page({}, "10"))
      .will_stream({added.substr(0, 9), added.substr(9) + event("DELETED", object("shop@12"))});
  rig.run(kNamespaces);
  CHECK(rig.sink.heard == Words{"begin", "end @10", "apply shop@11", "removed shop@12"});
}

TEST_CASE("each way in which a watch ends is told, and followed by the right request",
          "[kube][watcher]") {
  struct Case {
    const char* name;
    std::function<void(test::FakeTransport&)> script;
    std::string reason;
    std::string next;  // the request after it
    std::string code = "200";
  };
  const auto bookmark = event("BOOKMARK", object("@11"));
  const auto streams = [](std::vector<std::string> chunks, http::StreamEnd end = {}) {
    return [=](test::FakeTransport& server) { server.will_stream(chunks, end); };
  };
  const auto refuses = [](int code, const std::string& body) {
    return [=](test::FakeTransport& server) { server.will_refuse_stream(code, body); };
  };
  for (const auto& [name, script, reason, next, code] : std::vector<Case>{
           {"closed in order", streams({bookmark}), "closed", "STREAM 11"},
           {"closed at once", streams({}), "closed", "STREAM 10"},
           {"closed in the middle of a line", streams({bookmark + "{"}), "closed", "STREAM 11"},
           {"broken", streams({bookmark}, test::breaks(FailureKind::kBroken)), "broken",
            "STREAM 11", "broken"},
           {"no connection", streams({}, test::breaks(FailureKind::kConnect)), "broken",
            "STREAM 10", "connect"},
           {"silent", streams({bookmark}, test::breaks(FailureKind::kTimeout)), "silent",
            "STREAM 11", "timeout"},
           {"410 in the stream", streams({bookmark, event("ERROR", test::status(410, "Expired"))}),
            "expired", "GET"},
           {"500 in the stream", streams({bookmark, event("ERROR", test::status(500))}), "refused",
            "STREAM 11"},
           {"410 as the status", refuses(410, test::status(410, "Gone").dump()), "expired", "GET",
            "410"},
           {"403 as the status", refuses(403, test::status(403, "Forbidden").dump()), "forbidden",
            "STREAM 10", "403"},
           {"503 with a page of HTML", refuses(503, "<html>"), "refused", "STREAM 10", "503"},
           {"429 as the status", refuses(429, ""), "throttled", "STREAM 10", "429"},
           {"garbled", streams({bookmark, "nonsense\n"}), "garbled", "GET"},
           {"a line without end", streams({std::string((std::size_t{16} << 20U) + 1, 'x')}),
            "garbled", "GET"}}) {
    DYNAMIC_SECTION(name) {
      Rig rig;
      rig.server.will(200, page({}, "10"));
      script(rig.server);
      rig.server.will(200, page({}, "99")).will_stream({});
      rig.run(kNamespaces);
      REQUIRE_FALSE(rig.restarts.empty());
      CHECK(rig.restarts.front() == "namespaces " + reason);
      CHECK(rig.observed.at(1) == "WATCH namespaces " + code);
      // A new list, or the question how far the server is, and then the watch.
      const bool resumed = next.front() == 'S';
      CHECK(parameter(rig.server.lines.at(2), "limit") == (resumed ? "1" : "500"));
      CHECK(parameter(rig.server.lines.at(3), "resourceVersion") ==
            (resumed ? next.substr(7) : "99"));
    }
  }
}

TEST_CASE("a list that fails is made again from its beginning", "[kube][watcher]") {
  Rig rig;
  rig.server.will(test::failure(FailureKind::kConnect))
      .will(200, page({object("shop@1")}, "10", "token"))
      .will(410, test::status(410, "Expired").dump())
      .will(200, page({object("shop@1")}, "20"));
  rig.run(kNamespaces);
  CHECK(rig.observed == Words{"LIST namespaces connect", "LIST namespaces 200",
                              "LIST namespaces 410", "LIST namespaces 200",
                              "WATCH namespaces broken"});
  CHECK(parameter(rig.server.requests.at(3).target, "continue").empty());
  CHECK(rig.sink.heard ==
        Words{"begin", "begin", "apply shop@1", "begin", "apply shop@1", "end @20"});
}

TEST_CASE("how far the server is, is asked for without the content of an object",
          "[kube][watcher]") {
  Rig rig;
  rig.server.will(200, page({object("shop/icr-default@3")}, "10"))
      .will_stream({}, test::breaks(FailureKind::kBroken))
      .will(200, page({object("shop/icr-default@3")}, "9"))
      .will(200, page({}, "9"))
      .will_stream({});
  rig.run(kCopies);
  const auto& question = rig.server.requests.at(1);
  CHECK(parameter(question.target, "limit") == "1");
  CHECK(parameter(question.target, "fieldSelector") == "metadata.name=icr-default");
  CHECK(parameter(question.target, "resourceVersion").empty());
  CHECK(question.headers.front().value ==
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  // It has gone back: nothing of that answer is kept, everything is listed.
  CHECK(rig.sink.heard == Words{"begin", "apply shop/icr-default@3", "end @10", "begin", "end @9"});
  CHECK(rig.restarts == Words{"secrets broken", "secrets rewound", "secrets closed"});
  CHECK(rig.log.text().find("the cluster was restored, everything is listed anew") !=
        std::string::npos);
}

TEST_CASE("only missing permissions are a warning", "[kube][watcher]") {
  Rig rig;
  rig.server.will(503).will(403, test::status(403, "Forbidden", "RBAC says no").dump());
  rig.run(kNamespaces);
  const auto text = rig.log.text();
  CHECK(text.find(R"("level":"info","msg":"watch interrupted","resource":"namespaces")") !=
        std::string::npos);
  CHECK(text.find(R"("level":"warn","msg":"watch refused, check the operator's RBAC")") !=
        std::string::npos);
  CHECK(text.find("RBAC says no") != std::string::npos);
}

TEST_CASE("a stop that came already asks for nothing", "[kube][watcher]") {
  Rig rig;
  rig.stop.request_stop();
  rig.run(kNamespaces);
  CHECK(rig.server.lines.empty());
}

TEST_CASE("the pulse shows how far a watch has come, and its end of time", "[kube][watcher]") {
  struct Spy final : Sink {
    explicit Spy(const Pulse& pulse) : pulse_(pulse) {}
    void relist_begins() override { seen.push_back(pulse_.facts()); }
    void apply(Object&& /*object*/) override { seen.push_back(pulse_.facts()); }
    void removed(Object&& /*object*/) override {}
    void relist_ends(const std::string& /*version*/) override {}
    std::vector<Pulse::Facts> seen;

   private:
    const Pulse& pulse_;
  };
  Rig rig;
  const auto now = rig.clock.now();
  Spy spy(*rig.pulse);
  rig.server.will(200, page({}, "10"))
      .will_stream({event("ADDED", object("shop@11"))}, test::breaks(FailureKind::kTimeout));
  rig.run(kNamespaces, spy);
  REQUIRE(spy.seen.size() == 2);
  // While it works on what came, it is expected back at once.
  for (const auto& facts : spy.seen) CHECK(facts.goes_on_by == now);
  CHECK(spy.seen[0].apart_since);
  CHECK_FALSE(spy.seen[1].apart_since);
  const auto after = rig.pulse->facts();
  CHECK(after.apart_since);
  CHECK(after.trouble == WatchTrouble::Kind::kSilent);
}

TEST_CASE("no request of a watch may take longer than its pulse allows", "[kube][watcher]") {
  Rig rig;
  const auto now = rig.clock.now();
  std::vector<Clock::Instant> ends;
  rig.server.answer = [&](const http::Request& request) {
    ends.push_back(rig.pulse->facts().goes_on_by);
    CHECK(now + request.deadline <= ends.back());
    if (ends.size() == 5) rig.stop.request_stop();
    return test::failure(FailureKind::kTooLarge);
  };
  auto large = kCopies;
  large.page = 4096;
  rig.run(large);
  // As many requests as the sizes of its pages, one after the other.
  REQUIRE(ends.size() == 5);
  CHECK(ends.back() - now == kLongestFetch);
  CHECK(rig.server.requests.front().deadline * 5 <= kLongestFetch);
}

}  // namespace watcher_test
