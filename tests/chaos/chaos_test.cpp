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
constexpr std::size_t kMostTroubles = 3;

/// Troubles in an order in which each comes before any comes again.
class Deck {
 public:
  explicit Deck(Dice& dice) : dice_(dice) {}

  /// One that may have others beside it; null: what is left is for a round of its own.
  const Trouble* draw_harmful() {
    fill();
    std::vector<std::size_t> harmful;
    for (std::size_t i = 0; i < left_.size(); ++i) {
      if (!left_[i]->harmless_for) harmful.push_back(i);
    }
    return harmful.empty() ? nullptr : &take(dice_.pick(harmful));
  }

  const Trouble& draw() {
    fill();
    return take(dice_.below(left_.size()));
  }

 private:
  void fill() {
    if (!left_.empty()) return;
    for (const auto& trouble : troubles()) left_.push_back(&trouble);
  }
  const Trouble& take(std::size_t index) {
    const auto* const drawn = left_[index];
    left_.erase(left_.begin() + static_cast<long>(index));
    return *drawn;
  }

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

void begin(Stage& stage, const Trouble& trouble, Dice& dice) {
  stage.history().say(trouble.name + " …");
  const auto what = trouble.begin(stage, dice);
  stage.history().say(trouble.name + ": " + what);
}

/// Some troubles, one beginning after the other, then all are mended.
void harmful_round(Stage& stage, const Trouble& first, Deck& deck, Dice& dice) {
  const auto count = 1 + dice.below(kMostTroubles);
  std::vector<const Trouble*> begun{&first};
  while (begun.size() < count) {
    const auto* const next = deck.draw_harmful();
    if (next == nullptr) break;
    begun.push_back(next);
  }
  for (const auto* trouble : begun) {
    begin(stage, *trouble, dice);
    wait(stage, Milliseconds(dice.between(100, 1500)));
  }
  wait(stage, Milliseconds(dice.between(0, 4000)));
  for (const auto* trouble : begun) {
    if (trouble->mend) trouble->mend(stage);
  }
}

/// One trouble by itself, which nobody notices but whom it is about.
void harmless_round(Stage& stage, const Trouble& trouble, Churn& churn, Dice& dice) {
  begin(stage, trouble, dice);
  wait(stage, *trouble.harmless_for);
  stage.expect_as_planned(churn);
  trouble.mend(stage);
}

void round(Stage& stage, Deck& deck, Churn& churn, Dice& dice) {
  const auto& first = deck.draw();
  if (first.harmless_for) {
    harmless_round(stage, first, churn, dice);
  } else {
    harmful_round(stage, first, deck, dice);
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
  Stage stage;
  stage.history().say(fmt::format("seed {}, {} s", options.seed, options.time.count()));
  Churn churn(options.seed + 1, {kMostNamespaces, 20ms});
  Deck deck(dice);
  do {
    round(stage, deck, churn, dice);
    stage.expect_as_planned(churn);
  } while (std::chrono::steady_clock::now() - begun < options.time);
  stage.finish(churn);
}

}  // namespace chaos_test
