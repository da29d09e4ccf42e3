// One program with three names: how it is called decides what it is.
#include <string_view>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/helper/credential_helper.hpp"
#include "helper/protocol.hpp"

int main(int argc, char** argv) {
  using namespace icrps;
  std::string_view name = argc > 0 ? argv[0] : "";
  name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
  if (name == helper::kName) return cli::credential_helper(argc, argv);
  return cli::do_command(cli::commands(), cli::called_as(name), argc, argv);
}
