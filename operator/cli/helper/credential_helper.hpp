// `docker-credential-icr`: what docker, podman and others run to get a login, and `helper`, which
// tells them to.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

/// The whole program when it is called by that name. Returns the exit code; errors are printed on
/// the standard output, as the protocol has it.
int credential_helper(int argc, char** argv);

/// `helper install|uninstall`
[[nodiscard]] Command helper_command();

}  // namespace icrps::cli
