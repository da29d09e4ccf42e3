#include "cli/commands.hpp"

#include "cli/cleanup/cleanup.hpp"
#include "cli/plan/plan.hpp"
#include "cli/rotate.hpp"
#include "cli/run/run.hpp"
#include "cli/status/status.hpp"
#include "cli/verify.hpp"
#include "cli/version.hpp"

namespace icrps::cli {

std::vector<Command> commands() {
  return {run_command(),  status_command(),  verify_command(), rotate_command(),
          plan_command(), cleanup_command(), version_command()};
}

}  // namespace icrps::cli
