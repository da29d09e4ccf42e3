// Questions on threads of their own.
#include "credentials/asker.hpp"

#include <atomic>
#include <condition_variable>
#include <latch>
#include <set>

#include <catch2/catch.hpp>

namespace asker_test {

using namespace icrps;
using namespace icrps::credentials;

namespace {

const auto kLogin = std::make_shared<const icr::Login>(icr::Login{"iamapikey", SecretString("k")});

/// Silent until it is told to stop.
Answer never(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, stop, [] { return false; });
  iam::Refusal canceled;
  canceled.kind = iam::Refusal::Kind::kCanceled;
  return tl::unexpected(canceled);
}

}  // namespace

TEST_CASE("a silent host holds up nobody's answer", "[credentials][asker]") {
  std::latch answered(27);
  std::atomic<int> heard_of_silent = 0;
  {
    Asker asker([](const std::string& host, const auto&, const auto&, const auto& stop) {
      return host == "silent" ? never(stop) : Answer();
    });
    for (int i = 0; i < 26; ++i) {
      asker.ask({"silent", kLogin}, [&](const Answer&) { ++heard_of_silent; }, {});
    }
    for (int i = 0; i < 27; ++i) {
      asker.ask({"quick", kLogin}, [&](const Answer&) { answered.count_down(); }, {});
    }
    answered.wait();
  }  // breaks off what is left
  CHECK(heard_of_silent == 0);
}

TEST_CASE("nobody hears of a question that was broken off", "[credentials][asker]") {
  std::atomic<int> heard = 0;
  std::latch begun(1);
  std::latch ended(1);
  Asker asker([&](const auto&, const auto&, const auto&, const std::stop_token& stop) {
    begun.count_down();
    auto answer = never(stop);
    ended.count_down();
    return answer;
  });
  std::stop_source stop;
  asker.ask({"silent", kLogin}, [&](const Answer&) { ++heard; }, stop.get_token());
  begun.wait();
  stop.request_stop();
  ended.wait();
  CHECK(heard == 0);
}

TEST_CASE("with fewer places than questions, all are asked", "[credentials][asker]") {
  std::latch answered(50);
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  Asker asker(
      [&](const auto&, const auto&, const auto&, const auto&) {
        const int now = ++at_once;
        int before = most;
        while (before < now && !most.compare_exchange_weak(before, now)) {
        }
        --at_once;
        return Answer();
      },
      3);
  for (int i = 0; i < 50; ++i) {
    asker.ask({"host", kLogin}, [&](const Answer&) { answered.count_down(); }, {});
  }
  answered.wait();
  CHECK(most <= 3);
}

}  // namespace asker_test
