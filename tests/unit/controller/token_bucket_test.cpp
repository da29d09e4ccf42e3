#include "controller/pure/token_bucket.hpp"

#include <catch2/catch.hpp>

#include "controller/pure/news_hold.hpp"
#include "unit/support/dice.hpp"

namespace token_bucket_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;
using Instant = Clock::Instant;
using Millis = std::chrono::milliseconds;

TEST_CASE("so many at once, and then one at a time", "[controller][token_bucket]") {
  constexpr Rate kRate{.at_once = 3, .every = 100ms};
  TokenBucket bucket;
  auto now = Instant{1h};
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(kRate, now));
  CHECK_FALSE(bucket.take(kRate, now));
  CHECK(bucket.ready(kRate) == now + 100ms);
  now += 100ms;
  CHECK(bucket.take(kRate, now));
  CHECK_FALSE(bucket.take(kRate, now));
  CHECK_FALSE(bucket.is_full(now + 299ms));
  CHECK(bucket.is_full(now + 300ms));
}

TEST_CASE("a bucket is what a count of tokens is", "[controller][token_bucket]") {
  test::Dice dice(17);
  for (int round = 0; round < 200; ++round) {
    const Rate rate{.at_once = static_cast<unsigned>(1 + dice.below(6)), .every = 10ms};
    TokenBucket bucket;
    auto now = Instant{1h};
    // The model counts in tenths of a token: one drips in each millisecond.
    std::size_t tenths = rate.at_once * 10;
    for (int step = 0; step < 300; ++step) {
      const auto pass = dice.below(12);
      now += Millis(pass);
      tenths = std::min<std::size_t>(rate.at_once * 10, tenths + pass);
      REQUIRE((bucket.ready(rate) <= now) == (tenths >= 10));
      REQUIRE(bucket.is_full(now) == (tenths == rate.at_once * 10));
      const bool taken = bucket.take(rate, now);
      REQUIRE(taken == (tenths >= 10));
      if (taken) tenths -= 10;
    }
  }
}

TEST_CASE("buckets of keys that rest cost no memory", "[controller][token_bucket]") {
  TokenBuckets buckets({.at_once = 2, .every = 1s});
  auto now = Instant{1h};
  for (int i = 0; i < 1000; ++i) CHECK(buckets.take(std::to_string(i), now));
  CHECK(buckets.size() == 1000);
  CHECK(buckets.take("0", now));
  CHECK_FALSE(buckets.take("0", now));
  CHECK(buckets.take("1", now));
  now += 1min;
  CHECK(buckets.take("another", now));
  CHECK(buckets.size() == 1);
}

TEST_CASE("whatever news comes, bulk work is free half of the time", "[controller][news_hold]") {
  test::Dice dice(23);
  for (int round = 0; round < 50; ++round) {
    NewsHold hold;
    auto now = Instant{1h};
    bool writing = false;
    Instant begun{};
    Instant::duration held{};
    constexpr Millis kStep = 5ms;
    for (int step = 0; step < 12'000; ++step, now += kStep) {
      if (!writing && !dice.once_in(3)) {
        begun = now;
        writing = true;
        hold.begins(now);
      } else if (writing && dice.once_in(1 + static_cast<std::size_t>(round))) {
        hold.ends(begun, now);
        writing = false;
      }
      if (!hold.holds(now)) continue;
      REQUIRE(hold.free_at() > now);
      held += std::min<Instant::duration>(kStep, hold.free_at() - now);
    }
    CHECK(held <= kStep * 12'000 / 2 + NewsHold::kInARow / 2);
  }
}

TEST_CASE("a hold ends soon after what it is for", "[controller][news_hold]") {
  NewsHold hold;
  const auto begun = Instant{1h};
  CHECK_FALSE(hold.holds(begun));
  hold.begins(begun);
  CHECK(hold.free_at() == begun + NewsHold::kAfter);
  hold.ends(begun, begun + 50ms);
  CHECK(hold.holds(begun + 299ms));
  CHECK_FALSE(hold.holds(begun + 300ms));
  SECTION("also when the write takes long") {
    hold.begins(begun);
    CHECK_FALSE(hold.holds(begun + 400ms));
    hold.ends(begun, begun + 10s);
    CHECK_FALSE(hold.holds(begun + 10s));
  }
}

}  // namespace token_bucket_test
