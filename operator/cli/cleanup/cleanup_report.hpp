// What is left of the operator, and where. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace icrps::cli {

struct Left {
  std::string ns;
  std::string object;  ///< "Secret icr-default"
  std::string why;     ///< why it is still there; may be empty
  friend bool operator==(const Left&, const Left&) = default;
};

/// In one namespace; every credential of the facts is retired.
[[nodiscard]] std::vector<Left> what_is_left(const plan::Facts& facts, const plan::Rules& rules);

[[nodiscard]] std::string left_table(const std::vector<Left>& left);

}  // namespace icrps::cli
