// What `doctor` prints. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/doctor/examination.hpp"

namespace icrps::cli {

[[nodiscard]] std::string doctor_text(const std::vector<Finding>& findings,
                                      const std::vector<Blind>& blind);
[[nodiscard]] std::string doctor_json(const std::vector<Finding>& findings,
                                      const std::vector<Blind>& blind);

}  // namespace icrps::cli
