// From what a person typed to the command that does it. The only user of CLI11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

namespace icrps::cli {

/// What people type to start the program of that name: kubectl's plugin is "kubectl icr-pull".
[[nodiscard]] std::string called_as(std::string_view program);

/// Parses, gets the process ready and does the command; returns its exit code. What is wrong on the
/// command line is told on stderr (kUsage), --help on stdout.
int do_command(const std::vector<Command>& commands, const std::string& program, int argc,
               char** argv);

}  // namespace icrps::cli
