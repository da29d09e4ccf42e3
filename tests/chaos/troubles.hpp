// What can go wrong around the operator, each as something that begins and, where it lasts, is
// mended.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dice.hpp"
#include "stage.hpp"

namespace chaos {

struct Trouble {
  std::string name;
  /// Begins it; returns what exactly it did, for the history.
  std::function<std::string(Stage&, Dice&)> begin;
  /// Ends it, whether or not it began; nothing: it is over at once.
  std::function<void(Stage&)> mend;
  /// Set: the cluster stays as planned while it goes on for so long, with no other beside it.
  std::optional<itest::Milliseconds> harmless_for{};
};

[[nodiscard]] const std::vector<Trouble>& troubles();

}  // namespace chaos
