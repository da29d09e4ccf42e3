// How long a roll-out and a newcomer take beside whatever others do, in virtual time: the queue's
// rules, 16 workers, and an API server of which no more is known than how long a write takes.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "controller/pure/queue_state.hpp"
#include "unit/support/dice.hpp"

namespace queue_simulation_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;

namespace {

using Instant = QueueState::Instant;
using Duration = Instant::duration;
constexpr std::size_t kWorkers = 16;
constexpr std::size_t kSpare = 64;
constexpr int kNamespaces = 10'000;

/// How long a write takes, with so many under way.
using Server = std::function<Duration(const std::string& key, std::size_t in_flight)>;

/// One that answers after so long, whatever it has to do.
Server answers_after(Duration time) {
  return [time](const auto& /*key*/, std::size_t /*in_flight*/) { return time; };
}

/// One that does a thing after the other: with 16 of them each takes 40 ms.
Server busy_server() {
  return [](const auto& /*key*/, std::size_t in_flight) {
    return 3ms + 2500us * static_cast<long>(in_flight);
  };
}

class Simulation {
 public:
  explicit Simulation(Server server) : server_(std::move(server)) {}

  void at(Duration when, std::function<void()> what) { events_.emplace(start_ + when, what); }
  /// Something happened in the namespace that makes a write necessary.
  void edit(const std::string& key, Priority priority = Priority::kNew) {
    dirty_.insert(key);
    queue_.add(key, priority, now_);
  }
  /// Every `period`, for as long as the simulation runs.
  void edit_every(const std::string& key, Duration period, Duration from = 0ms) {
    at(from, [this, key, period, from] {
      edit(key);
      edit_every(key, period, from + period);
    });
  }
  void roll_out(Duration when) {
    at(when, [this] {
      for (int i = 0; i < kNamespaces; ++i) edit(std::to_string(i), Priority::kBulk);
    });
  }
  /// A namespace that is made and annotated; its service account appears a moment later, so that
  /// it takes some 43 ms in quiet.
  void make(const std::string& key, Duration when) {
    at(when, [this, key] { edit(key); });
    at(when + 38ms, [this, key] { edit(key); });
  }

  /// Until nothing happens any more before `end`.
  void run(Duration end) {
    while (!events_.empty() && events_.begin()->first <= start_ + end) {
      now_ = events_.begin()->first;
      auto what = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      what();
      hand_out();
    }
  }
  /// When the last write of such a key ended, since the start.
  [[nodiscard]] Duration last_written(const std::function<bool(const std::string&)>& of) const {
    Duration last{};
    for (const auto& [key, when] : written_) {
      if (of(key)) last = std::max(last, when - start_);
    }
    return last;
  }
  [[nodiscard]] Duration written(const std::string& key) const {
    const auto found = written_.find(key);
    REQUIRE(found != written_.end());
    return found->second - start_;
  }

 private:
  void hand_out() {
    while (busy_ < kWorkers + kSpare) {
      const auto item = queue_.pop(now_);
      if (!item) break;
      ++busy_;
      const auto key = item->key;
      // Without anything to write it takes no time worth speaking of.
      const bool writes = dirty_.erase(key) > 0;
      if (writes) queue_.writes(key, now_);
      const auto time = writes ? server_(key, busy_) : 50us;
      events_.emplace(now_ + time, [this, key, writes] {
        --busy_;
        if (writes) written_[key] = now_;
        queue_.done(key, now_);
        // The watch tells of the write.
        if (writes) queue_.add(key, Priority::kNew, now_);
      });
    }
    const auto due = queue_.next_due(now_);
    if (busy_ >= kWorkers + kSpare || !due) return;
    REQUIRE(*due > now_);  // never due twice at once without a question in between
    if (!wake_ || *wake_ > *due || *wake_ <= now_) {
      wake_ = *due;
      events_.emplace(*due, [] {});
    }
  }

  const Server server_;
  QueueState queue_{kWorkers, kSpare};
  std::multimap<Instant, std::function<void()>> events_;
  std::set<std::string> dirty_;
  std::map<std::string, Instant> written_;
  std::optional<Instant> wake_;
  std::size_t busy_ = 0;
  const Instant start_{1h};
  Instant now_ = start_;
};

bool is_number(const std::string& key) {
  return key.find_first_not_of("0123456789") == std::string::npos;
}

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

using Noise = std::function<void(Simulation&)>;

Duration roll_out_time(const Server& server, const Noise& noise) {
  Simulation simulation(server);
  noise(simulation);
  simulation.roll_out(1s);
  simulation.run(2000s);
  return simulation.last_written(is_number) - 1s;
}

/// Of those that are made one after the other, the shortest time first.
std::vector<Duration> arrivals(const Server& server, const Noise& noise, Duration from) {
  Simulation simulation(server);
  noise(simulation);
  const auto name = [](int i) { return "newcomer-" + std::to_string(i); };
  constexpr int kCount = 21;
  for (int i = 0; i < kCount; ++i) simulation.make(name(i), from + i * 400ms);
  simulation.run(from + 60s);
  std::vector<Duration> times;
  for (int i = 0; i < kCount; ++i) {
    times.push_back(simulation.written(name(i)) - from - i * 400ms);
  }
  std::sort(times.begin(), times.end());
  return times;
}

/// The middle one.
Duration arrival(const Server& server, const Noise& noise, Duration from = 5s) {
  const auto times = arrivals(server, noise, from);
  return times[times.size() / 2];
}

void quiet(Simulation& /*simulation*/) {}

struct Noisy {
  const char* what;
  Noise noise;
};
const std::vector<Noisy>& noises() {
  static const std::vector<Noisy> all{
      {"one event a second", [](Simulation& s) { s.edit_every("noisy", 1s); }},
      {"20 events a second", [](Simulation& s) { s.edit_every("noisy", 50ms); }},
      {"three namespaces, 30 times a second",
       [](Simulation& s) {
         for (const auto* key : {"a", "b", "c"}) s.edit_every(key, 33ms);
       }},
      {"20 namespaces, once a second each",
       [](Simulation& s) {
         for (int i = 0; i < 20; ++i) {
           s.edit_every("noisy-" + std::to_string(i), 1s, 50ms * i);
         }
       }},
  };
  return all;
}

struct Kind {
  const char* name;
  Server server;
};
const std::vector<Kind>& servers() {
  static const std::vector<Kind> all{{"30 ms a write", answers_after(30ms)},
                                     {"100 ms a write", answers_after(100ms)},
                                     {"a busy server", busy_server()}};
  return all;
}

}  // namespace

TEST_CASE("a roll-out beside the noise of others takes 1.3 times as long at most",
          "[controller][queue][simulation]") {
  for (const auto& [name, server] : servers()) {
    const auto alone = roll_out_time(server, quiet);
    for (const auto& [what, noise] : noises()) {
      const auto beside = roll_out_time(server, noise);
      INFO(name << ", " << what << ": " << seconds(beside) << " s, alone " << seconds(alone)
                << " s");
      CHECK(beside < alone * 13 / 10);
    }
  }
}

TEST_CASE("a newcomer in a roll-out waits twice as long as in quiet at most",
          "[controller][queue][simulation]") {
  for (const auto& [name, server] : servers()) {
    const auto alone = arrival(server, quiet);
    const auto beside = arrival(server, [](Simulation& s) { s.roll_out(1s); });
    INFO(name << ": " << seconds(beside) << " s, alone " << seconds(alone) << " s");
    CHECK(beside < alone * 2);
    const auto both = arrival(server, [](Simulation& s) {
      s.roll_out(1s);
      s.edit_every("noisy", 50ms);
    });
    INFO("beside noise as well: " << seconds(both) << " s");
    CHECK(both < alone * 2);
  }
}

TEST_CASE("a webhook that takes 10 s for 48 namespaces holds up nobody else for long",
          "[controller][queue][simulation]") {
  const Server server = [](const std::string& key, std::size_t /*in_flight*/) -> Duration {
    return key.starts_with("slow") ? 10s : 30ms;
  };
  const Noise slow = [](Simulation& s) {
    for (int i = 0; i < 48; ++i) s.edit_every("slow-" + std::to_string(i), 20s);
  };
  const auto alone = arrival(server, quiet, 60s);
  const auto beside = arrival(server, slow, 60s);
  INFO(seconds(beside) << " s, alone " << seconds(alone) << " s");
  CHECK(beside < alone * 2);
}

TEST_CASE("48 new namespaces behind a webhook that hangs hold up a newcomer for a moment",
          "[controller][queue][simulation]") {
  const Server server = [](const std::string& key, std::size_t /*in_flight*/) -> Duration {
    return key.starts_with("slow") ? 10s : 30ms;
  };
  for (const auto priority : {Priority::kNew, Priority::kBulk}) {
    const auto times = arrivals(
        server,
        [&](Simulation& s) {
          s.at(5s, [&s, priority] {
            for (int i = 0; i < 48; ++i) s.edit("slow-" + std::to_string(i), priority);
          });
        },
        5s);
    INFO(seconds(times.back()) << " s at most");
    CHECK(times.back() < 900ms);
    CHECK(times[times.size() / 2] < 100ms);
  }
}

}  // namespace queue_simulation_test
