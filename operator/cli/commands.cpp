#include "cli/commands.hpp"

#include "cli/cf/cf.hpp"
#include "cli/cleanup/cleanup.hpp"
#include "cli/completion/completion.hpp"
#include "cli/doctor/doctor.hpp"
#include "cli/helper/credential_helper.hpp"
#include "cli/inspect/inspect.hpp"
#include "cli/login/login.hpp"
#include "cli/plan/plan.hpp"
#include "cli/provision/provision.hpp"
#include "cli/rotate.hpp"
#include "cli/run/run.hpp"
#include "cli/status/status.hpp"
#include "cli/token.hpp"
#include "cli/verify.hpp"
#include "cli/version.hpp"

namespace icrps::cli {

std::vector<Command> commands() {
  return {
      // of the operator
      run_command(),
      status_command(),
      verify_command(),
      rotate_command(),
      plan_command(),
      cleanup_command(),
      // for people
      login_command(),
      logout_command(),
      helper_command(),
      inspect_command(),
      doctor_command(),
      provision_command(),
      deprovision_command(),
      policies_command(),
      token_command(),
      cf_command(),
      completion_command(),
      manual_command(),
      version_command(),
  };
}

}  // namespace icrps::cli
