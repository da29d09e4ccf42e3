// `make chaos`: everything that can go wrong, in random order, while namespaces come and go. After
// each round all is mended, and the whole cluster must be as planned.
#include <algorithm>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "options.hpp"
#include "troubles.hpp"

namespace chaos_test {

using namespace chaos;
using namespace itest;

namespace {

constexpr std::size_t kMostNamespaces = 40;
constexpr int kTokenSeconds = 120;  // renewed every one to one and a half minutes
constexpr std::size_t kMostTroubles = 3;

/// Troubles in an order in which each comes before any comes again.
class Deck {
 public:
  explicit Deck(Dice& dice) : dice_(dice) {}

  const Trouble& draw() {
    if (left_.empty()) {
      for (const auto& trouble : troubles()) left_.push_back(&trouble);
    }
    const auto at = left_.begin() + static_cast<long>(dice_.below(left_.size()));
    const auto* const drawn = *at;
    left_.erase(at);
    return *drawn;
  }

 private:
  Dice& dice_;
  std::vector<const Trouble*> left_;
};

void wait(Stage& stage, Milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    stage.supervise();
    std::this_thread::sleep_for(50ms);
  }
}

/// Some troubles, one beginning after the other, then all are mended.
void round(Stage& stage, Deck& deck, Dice& dice) {
  const auto count = 1 + dice.below(kMostTroubles);
  std::vector<const Trouble*> begun;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& trouble = deck.draw();
    begun.push_back(&trouble);
    stage.history().say(trouble.name + " …");
    const auto what = trouble.begin(stage, dice);
    stage.history().say(trouble.name + ": " + what);
    wait(stage, Milliseconds(dice.between(100, 1500)));
  }
  wait(stage, Milliseconds(dice.between(0, 4000)));
  for (const auto* trouble : begun) {
    if (trouble->mend) trouble->mend(stage);
  }
  stage.history().say("mended");
}

}  // namespace

TEST_CASE("whatever goes wrong, in the end the cluster is as planned", "[chaos]") {
  const auto options = options_of_run(2min);
  const auto begun = std::chrono::steady_clock::now();
  INFO(fmt::format("to see it again: make chaos SEED={} TIME={}", options.seed,
                   options.time.count()));
  Dice dice(options.seed);
  Stage stage(kTokenSeconds);
  stage.history().say(fmt::format("seed {}, {} s", options.seed, options.time.count()));
  Churn churn(options.seed + 1, {kMostNamespaces, 20ms});
  Deck deck(dice);
  do {
    round(stage, deck, dice);
    stage.expect_as_planned(churn);
  } while (std::chrono::steady_clock::now() - begun < options.time);
  stage.finish(churn);
}

}  // namespace chaos_test
