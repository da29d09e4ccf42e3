// What a restart cures and what it does not.
#include "controller/liveness.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <vector>

#include <catch2/catch.hpp>

namespace liveness_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Kind = kube::WatchTrouble::Kind;

namespace {

constexpr Clock::Instant kNow{24h};
const config::Liveness kUsual;

WatchFacts open_watch(const std::string& name = "namespaces") {
  WatchFacts watch{name, {}};
  watch.pulse.goes_on_by = kNow + 4min;
  watch.pulse.last_sign = kNow - 40s;
  watch.pulse.answers = {kNow - 20h, kNow - 40s};
  return watch;
}

/// It broke off so long ago and could not be begun again.
WatchFacts lost_watch(std::chrono::seconds ago, std::optional<Kind> trouble = Kind::kBroken) {
  auto watch = open_watch("serviceaccounts");
  watch.pulse.goes_on_by = kNow + 5s;
  watch.pulse.last_sign = kNow - ago - 30s;
  watch.pulse.apart_since = kNow - ago;
  watch.pulse.answers = {};
  watch.pulse.trouble = trouble;
  return watch;
}

/// Everything as it should be: it leads, two workers, one of them busy, nothing waits.
LivenessFacts healthy() {
  LivenessFacts facts;
  facts.now = kNow;
  facts.watches = {open_watch()};
  facts.requests = {kNow - 20h, kNow - 1s};
  facts.queue = QueueFacts{std::nullopt, kNow - 1s};
  facts.workers = {kNow - 1s, std::nullopt};
  facts.election = ElectionFacts{kNow - 1s, 15s, {kNow - 20h, kNow - 1s}};
  return facts;
}

std::string judged(const LivenessFacts& facts, const config::Liveness& limits = kUsual) {
  return fmt::format("{}", fmt::join(reasons_to_restart(facts, limits), "\n"));
}

struct Case {
  const char* name;
  std::function<void(LivenessFacts&)> change;
  std::string reason;  ///< empty: alive
};

void check(const std::vector<Case>& cases) {
  for (const auto& [name, change, reason] : cases) {
    DYNAMIC_SECTION(name) {
      auto facts = healthy();
      change(facts);
      const auto text = judged(facts);
      if (reason.empty()) {
        CHECK(text == "");
      } else {
        CHECK_THAT(text, Contains(reason));
        CHECK(reasons_to_restart(facts, kUsual).size() == 1);
      }
    }
  }
}

}  // namespace

TEST_CASE("a watch is dead when its thread hangs or when it alone gets no answer",
          "[controller][liveness]") {
  const std::string hangs = "the watch of namespaces hangs";
  const std::string dead =
      "the watch of serviceaccounts has brought neither event nor bookmark for more than 10m and "
      "can't be begun again, although the API server answers other requests";
  const auto add = [](const WatchFacts& watch) {
    return [=](LivenessFacts& facts) { facts.watches.push_back(watch); };
  };
  const auto thread_late = [](std::chrono::seconds by) {
    return [=](LivenessFacts& facts) { facts.watches[0].pulse.goes_on_by = kNow - by; };
  };
  check({
      {"healthy", [](LivenessFacts&) {}, ""},
      {"its thread is late", thread_late(10min), ""},
      {"its thread hangs", thread_late(10min + 1s), hangs},
      {"open and silent for an hour: the stream has a limit of its own",
       [](LivenessFacts& facts) { facts.watches[0].pulse.last_sign = kNow - 1h; }, ""},
      {"lost a while ago", add(lost_watch(10min)), ""},
      {"lost for too long", add(lost_watch(10min + 1s)), dead},
      {"without an answer from the start", add(lost_watch(11min, std::nullopt)), dead},
      {"its requests get no answer", add(lost_watch(11min, Kind::kSilent)), dead},
      {"refused: 403", add(lost_watch(11min, Kind::kForbidden)), ""},
      {"refused: 429", add(lost_watch(11min, Kind::kThrottled)), ""},
      {"refused: 500", add(lost_watch(11min, Kind::kRefused)), ""},
      {"answered with nonsense", add(lost_watch(11min, Kind::kGarbled)), ""},
      {"410 again and again", add(lost_watch(11min, Kind::kExpired)), ""},
      {"ended at once again and again", add(lost_watch(11min, Kind::kClosed)), ""},
  });
}

TEST_CASE("a watch that is lost is nobody's fault but the API server's while that answers nobody",
          "[controller][liveness]") {
  const std::string dead = "the watch of serviceaccounts";
  const auto with = [](const std::function<void(LivenessFacts&)>& change) {
    return [=](LivenessFacts& facts) {
      facts.watches = {lost_watch(11min)};
      facts.requests = {};
      facts.election->requests = {};
      change(facts);
    };
  };
  const auto requests = [&](kube::AnswerStreak streak) {
    return with([=](LivenessFacts& facts) { facts.requests = streak; });
  };
  check({
      {"nobody asks", with([](LivenessFacts&) {}), ""},
      {"requests are answered", requests({kNow - 11min, kNow - 2min}), dead},
      {"the last answer is old", requests({kNow - 1h, kNow - 3min}), ""},
      {"it is back, but not for long enough", requests({kNow - 9min, kNow}), ""},
      {"the lease is answered",
       with([](LivenessFacts& facts) { facts.election->requests = {kNow - 11min, kNow - 2s}; }),
       dead},
      {"another watch goes on",
       with([](LivenessFacts& facts) { facts.watches.push_back(open_watch()); }), dead},
      {"the other watches are lost, too", with([](LivenessFacts& facts) {
         facts.watches.push_back(lost_watch(11min));
         facts.watches.push_back(lost_watch(3min));
       }),
       ""},
  });
}

TEST_CASE("with short limits an API server that goes down is no failure either",
          "[controller][liveness]") {
  // It went down so many seconds ago, with everything.
  for (int ago = 0; ago < 120; ++ago) {
    INFO(ago);
    const auto down = kNow - std::chrono::seconds(ago);
    auto facts = healthy();
    facts.watches = {lost_watch(std::chrono::seconds(ago)), lost_watch(std::chrono::seconds(ago))};
    facts.requests = {kNow - 20h, down};  // nobody has asked since
    facts.election->requests = {kNow - 20h, down};
    CHECK(judged(facts, {10s, 10s, 10s}) == "");
  }
}

TEST_CASE("a queue is dead when a worker is free and nothing is handed out",
          "[controller][liveness]") {
  const std::string dead = "the queue stands still: a namespace has waited for more than 10m";
  const auto queue = [](std::optional<std::chrono::seconds> waits, std::chrono::seconds handed) {
    return [=](LivenessFacts& facts) {
      facts.queue = QueueFacts{};
      if (waits) facts.queue->oldest_due = kNow - *waits;
      facts.queue->handed_out = kNow - handed;
    };
  };
  check({
      {"nothing waits, and nothing was handed out for hours", queue(std::nullopt, 5h), ""},
      {"waits for long", queue(10min, 5h), ""},
      {"waits for too long", queue(10min + 1s, 61s), dead},
      {"a large roll-out through a slow API server", queue(5h, 59s), ""},
      {"all workers are at something that goes on",
       [&](LivenessFacts& facts) {
         queue(5h, 2min)(facts);
         facts.workers = {kNow - 40s, kNow - 50s};
       },
       ""},
      {"of one that stands by", [](LivenessFacts& facts) { facts.queue = std::nullopt; }, ""},
  });
}

TEST_CASE("a worker is stuck when one step lasts too long", "[controller][liveness]") {
  const auto busy = [](std::chrono::seconds since) {
    return [=](LivenessFacts& facts) { facts.workers[1] = kNow - since; };
  };
  check({
      {"busy", busy(2min), ""},
      {"stuck", busy(2min + 1s),
       "worker 1 is stuck: at one change in a namespace for more than 2m"},
  });
}

TEST_CASE("an election is dead when its thread hangs, whoever leads", "[controller][liveness]") {
  const auto step = [](std::chrono::seconds ago) {
    return [=](LivenessFacts& facts) { facts.election->last_step = kNow - ago; };
  };
  check({
      {"a leader that is about to end by itself", step(25s), ""},
      {"hangs", step(26s),
       "the election of a leader hangs: its thread has not gone on for more than 25s"},
      {"there is none", [](LivenessFacts& facts) { facts.election = std::nullopt; }, ""},
  });
}

TEST_CASE("every reason is told", "[controller][liveness]") {
  auto facts = healthy();
  facts.watches[0].pulse.goes_on_by = kNow - 1h;
  facts.workers[0] = kNow - 1h;
  facts.election->last_step = kNow - 1h;
  facts.queue = QueueFacts{kNow - 1h, kNow - 1h};
  CHECK(reasons_to_restart(facts, kUsual).size() == 4);
  CHECK(judged(facts, {2h, 2h, 2h}) ==
        "the election of a leader hangs: its thread has not gone on for more than 25s");
}

TEST_CASE("any status is an answer", "[controller][liveness]") {
  kube::AnswerStreak streak;
  count(streak, "timeout", kNow);
  CHECK_FALSE(streak.since);
  count(streak, "503", kNow);
  count(streak, "200", kNow + 1s);
  count(streak, "canceled", kNow + 2s);
  count(streak, "too_large", kNow + 2s);
  REQUIRE(streak.since);
  CHECK(*streak.since == kNow);
  CHECK(streak.last == kNow + 1s);
  count(streak, "connect", kNow + 3s);
  CHECK_FALSE(streak.since);
}

TEST_CASE("answers with a long silence between them are no streak", "[controller][liveness]") {
  kube::AnswerStreak streak;
  count(streak, "200", kNow, 2min);
  count(streak, "200", kNow + 2min, 2min);
  CHECK(streak.since == kNow);
  // Nobody asked meanwhile: the API server may have been down.
  count(streak, "200", kNow + 4min + 1s, 2min);
  CHECK(streak.since == kNow + 4min + 1s);
  CHECK(streak.last == kNow + 4min + 1s);
}

}  // namespace liveness_test
