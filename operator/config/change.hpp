// What a changed configuration asks of an operator that runs. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace icrps::config {

struct Change {
  bool work = false;       ///< what is watched, written and handed out: that is begun anew
  bool log_level = false;  ///< of what is logged from now on
  /// Keys that a running program can't change; they wait for its next start.
  std::vector<std::string> next_start;
};

[[nodiscard]] Change change_between(const Config& running, const Config& next);

/// What is read again and again, until it is another one and stays so: who edits a file in place
/// writes it in pieces, and `helm upgrade` changes the rights a moment after the ConfigMap.
class Settling {
 public:
  /// `settled`: what is in force.
  explicit Settling(std::string settled) : settled_(std::move(settled)) {}

  enum class Seen { kSame, kMoving, kSettled };
  /// kSettled: it is new, and was the same last time; from now on it is what is in force.
  Seen see(const std::string& now);

 private:
  std::string settled_;
  std::optional<std::string> moving_;
};

}  // namespace icrps::config
