#include "cli/command_line.hpp"
#include "cli/commands.hpp"

int main(int argc, char** argv) {
  return icrps::cli::do_command(icrps::cli::commands(), argc, argv);
}
