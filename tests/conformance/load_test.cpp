// What can't be seen in one call: leaks, crashes of the loop, and what a call costs.
#include <atomic>
#include <iostream>
#include <random>
#include <semaphore>
#include <sys/resource.h>
#include <utility>

#include "remote_server.hpp"
#include "suite.hpp"

namespace icrps::conformance {
namespace {

/// What happened in a number of calls that were stopped at random moments.
struct Tally {
  std::atomic<int> canceled{0};
  std::atomic<int> finished{0};
  std::atomic<int> unexpected{0};
  std::atomic<int> streaming{0};  ///< of those canceled, streams that had begun
  std::atomic<std::int64_t> slowest_stop_ms{0};
};

void note(Tally& tally, const std::optional<http::Failure>& failure,
          std::chrono::milliseconds since_stop) {
  if (!failure) {
    ++tally.finished;
  } else if (failure->kind == Kind::kCanceled) {
    ++tally.canceled;
  } else {
    ++tally.unexpected;
  }
  std::int64_t seen = tally.slowest_stop_ms;
  while (since_stop.count() > seen &&
         !tally.slowest_stop_ms.compare_exchange_weak(seen, since_stop.count())) {
  }
}

/// One call and the moment at which it is stopped.
struct Attempt {
  bool stream = false;
  /// The delay counts from the stream's first bytes instead of from the start.
  bool from_first_bytes = false;
  std::chrono::microseconds delay{};
  std::stop_source stop;
  std::binary_semaphore count_down{0};
};

std::optional<http::Failure> call(http::Transport& transport, Attempt& attempt, Tally& tally) {
  if (!attempt.stream) {
    const auto result = transport.send(get("/slow"), attempt.stop.get_token());
    if (result) return std::nullopt;
    return result.error();
  }
  bool begun = false;
  auto end = transport.stream(
      watch("/stream"),
      [&](std::string_view) {
        if (!std::exchange(begun, true)) {
          ++tally.streaming;
          if (attempt.from_first_bytes) attempt.count_down.release();
        }
        return true;
      },
      attempt.stop.get_token());
  if (attempt.from_first_bytes && !begun) attempt.count_down.release();
  return std::move(end.failure);
}

void call_and_stop(http::Transport& transport, Attempt& attempt, Tally& tally) {
  std::chrono::steady_clock::time_point stopped;
  std::thread partner([&] {
    if (attempt.from_first_bytes) attempt.count_down.acquire();
    std::this_thread::sleep_for(attempt.delay);
    stopped = std::chrono::steady_clock::now();
    attempt.stop.request_stop();
  });
  const auto failure = call(transport, attempt, tally);
  const auto end = std::chrono::steady_clock::now();
  partner.join();
  note(tally, failure, std::chrono::duration_cast<std::chrono::milliseconds>(end - stopped));
}

/// Some callers at once, each stopped 0 to 20 ms after it began.
void stop_at_random(http::Transport& transport, int total, Tally& tally) {
  constexpr unsigned kCallers = 8;
  std::vector<std::thread> callers;
  std::atomic<int> left{total};
  for (unsigned i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      std::minstd_rand random(i + 1);
      while (left-- > 0) {
        Attempt attempt;
        attempt.stream = random() % 2 == 0;
        // On a busy machine few streams get as far as their first bytes by themselves.
        attempt.from_first_bytes = attempt.stream && random() % 3 == 0;
        attempt.delay = std::chrono::microseconds(random() % 20'000);
        call_and_stop(transport, attempt, tally);
      }
    });
  }
  for (auto& caller : callers) caller.join();
}

}  // namespace

TEST_CASE("Ten thousand calls stopped at random moments leave nothing behind", "[cancel]") {
  const RemoteServer server;
  http::TransportOptions options;
  options.origin = server.origin();
  options.authorities = [pem = server.authority()] { return pem; };
  const auto transport = make_transport(options);
  Tally warm_up;
  stop_at_random(*transport, 1500, warm_up);
  REQUIRE(transport->send(get("/"), {}));
  const auto descriptors = open_descriptors();
  const auto resident = resident_bytes();

  Tally tally;
  const Stopwatch stopwatch;
  stop_at_random(*transport, 10'000, tally);

  REQUIRE(transport->send(get("/"), {}));
  const auto growth =
      static_cast<std::int64_t>(resident_bytes()) - static_cast<std::int64_t>(resident);
  std::cout << "10,000 stops: " << tally.canceled << " canceled, " << tally.finished
            << " finished before, " << tally.streaming << " streams had begun, slowest "
            << tally.slowest_stop_ms << " ms, resident " << growth / 1024 << " KiB more, "
            << stopwatch.elapsed().count() << " ms\n";
  CHECK(tally.unexpected == 0);
  CHECK(tally.canceled + tally.finished == 10'000);
  CHECK(tally.canceled > 5000);
  CHECK(tally.streaming > 1000);
  CHECK(tally.slowest_stop_ms < 5000);
  // As many pooled connections as may be in flight can be open at either moment.
  CHECK(open_descriptors() <= descriptors + 16);
  // The sanitizer keeps up to 256 MiB of what was freed.
  CHECK(growth < (std::int64_t{kSanitized ? 320 : 2} << 20U));
}

TEST_CASE("A thousand small POSTs of 16 callers cost little processor time", "[cost]") {
  const RemoteServer server;
  http::TransportOptions options;
  options.origin = server.origin();
  options.authorities = [pem = server.authority()] { return pem; };
  const auto transport = make_transport(options);
  const std::string body(700, 'x');
  std::atomic<int> good{0};
  const auto run = [&](int each) {
    std::vector<std::thread> callers;
    for (int i = 0; i < 16; ++i) {
      callers.emplace_back([&] {
        for (int n = 0; n < each; ++n) good += transport->send(post("/", body), {}) ? 1 : 0;
      });
    }
    for (auto& caller : callers) caller.join();
  };
  run(5);
  const auto before = processor_time();
  const Stopwatch stopwatch;
  run(250);
  const auto spent = processor_time() - before;
  std::cout << "4,000 POSTs: " << spent.count() / 4 << " us of processor time per 1,000, "
            << 4'000'000 / std::max<std::int64_t>(1, stopwatch.elapsed().count()) << " per second, "
            << resident_bytes() / 1024 << " KiB resident\n";
  CHECK(good == 16 * 255);
  if (!kSanitized) CHECK(spent / 4 < 400ms);
}

}  // namespace icrps::conformance
