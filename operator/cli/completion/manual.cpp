#include <algorithm>
#include <fmt/format.h>

#include "cli/completion/leaves.hpp"
#include "cli/completion/scripts.hpp"
#include "runtime/utf8.hpp"

namespace icrps::cli {
namespace {

/// The number of the character that these bytes are.
unsigned code_of(std::string_view bytes) {
  if (bytes.size() == 1) return static_cast<unsigned char>(bytes.front());
  auto code = static_cast<unsigned char>(bytes.front()) & (0x7fU >> bytes.size());
  for (const char c : bytes.substr(1)) code = code << 6U | (static_cast<unsigned char>(c) & 0x3fU);
  return code;
}

/// Text as roff takes it for text.
std::string roff(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const auto length = std::max<std::size_t>(1, utf8_length(text));
    const auto character = text.substr(0, length);
    if (length > 1) {
      escaped += fmt::format("\\[u{:04X}]", code_of(character));
    } else if (character == "\\") {
      escaped += "\\e";
    } else if (character == "-") {
      escaped += "\\-";
    } else {
      escaped += character;
    }
    text.remove_prefix(length);
  }
  if (escaped.starts_with('.') || escaped.starts_with('\'')) escaped.insert(0, "\\&");
  return escaped;
}

std::string section_of(const Leaf& leaf) {
  const auto& command = *leaf.command;
  auto text = fmt::format(".SS {}\n{}.\n.PP\n.B icr\\-pull\\-secrets {}\n{}\n", roff(leaf.words),
                          roff(command.summary), roff(leaf.words), roff(command.synopsis));
  for (const auto& option : command.options) {
    text += fmt::format(".TP\n.B {} {}\n{}.\n", roff(option.names), roff(option.value),
                        roff(option.help));
  }
  for (const auto& example : command.examples) {
    text += fmt::format(".PP\n{}:\n.PP\n.RS\n.nf\n{}\n.fi\n.RE\n", roff(example.what),
                        roff(example.line));
  }
  for (const auto& exit : command.exit_codes) {
    text += fmt::format(".TP\n.B exit {}\n{}.\n", exit.code, roff(exit.when));
  }
  return text;
}

}  // namespace

std::string manual_page(const std::vector<Command>& commands, const std::string& version) {
  auto text = fmt::format(
      ".TH ICR\\-PULL\\-SECRETS 1 \"\" \"icr\\-pull\\-secrets {}\"\n.SH NAME\nicr\\-pull\\-secrets "
      "\\- pull secrets and logins for IBM Cloud Container Registry\n.SH SYNOPSIS\n"
      ".B icr\\-pull\\-secrets\nCOMMAND [OPTIONS]\n.SH COMMANDS\n",
      roff(version));
  for (const auto& leaf : leaves_of(commands)) {
    if (leaf.command->commands.empty()) text += section_of(leaf);
  }
  return text;
}

}  // namespace icrps::cli
