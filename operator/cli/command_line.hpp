// From what a person typed to the command that does it. The only user of CLI11.
#pragma once

#include <vector>

#include "cli/command.hpp"

namespace icrps::cli {

/// Parses, gets the process ready and does the command; returns its exit code. What is wrong on the
/// command line is told on stderr (kUsage), --help on stdout.
int do_command(const std::vector<Command>& commands, int argc, char** argv);

}  // namespace icrps::cli
