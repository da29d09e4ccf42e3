#include "cli/version.hpp"

#include <fmt/core.h>

#include "cli/exit_codes.hpp"

namespace icrps::cli {

Command version_command() {
  return {.name = "version",
          .summary = "Print version and revision",
          .synopsis = "",
          .needs = Needs::kNothing,
          .work = [] {
            fmt::print("icr-pull-secrets {} ({})\n", ICRPS_VERSION, ICRPS_REVISION);
            return kOk;
          }};
}

}  // namespace icrps::cli
