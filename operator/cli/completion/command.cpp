#include <cstdio>
#include <memory>

#include "cli/commands.hpp"
#include "cli/completion/completion.hpp"
#include "cli/completion/scripts.hpp"
#include "cli/exit_codes.hpp"

namespace icrps::cli {
namespace {

int print_text(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace

Command completion_command() {
  const auto shell = std::make_shared<std::string>();
  return {.name = "completion",
          .summary = "Print what makes a shell complete commands and options",
          .synopsis = "SHELL",
          .options = {{.names = "SHELL",
                       .help = "bash, zsh or fish",
                       .target = shell.get(),
                       .accepted = {"bash", "zsh", "fish"},
                       .required = true}},
          .examples = {{"icr-pull-secrets completion bash > "
                        "~/.local/share/bash-completion/completions/icr-pull-secrets",
                        "for bash"},
                       {"icr-pull-secrets completion zsh > ~/.zfunc/_icr-pull-secrets", "for zsh"},
                       {"icr-pull-secrets completion fish > "
                        "~/.config/fish/completions/icr-pull-secrets.fish",
                        "for fish"}},
          .exit_codes = {{kOk, "printed"}, {kUsage, "the command line is wrong"}},
          .needs = Needs::kNothing,
          .work = [shell] {
            if (*shell == "bash") return print_text(bash_completion(commands()));
            return print_text(*shell == "zsh" ? zsh_completion(commands())
                                              : fish_completion(commands()));
          }};
}

Command manual_command() {
  return {.name = "manual",
          .summary = "Print the man page",
          .examples = {{"icr-pull-secrets manual | man -l -", "read it"}},
          .exit_codes = {{kOk, "printed"}},
          .needs = Needs::kNothing,
          .work = [] { return print_text(manual_page(commands(), ICRPS_VERSION)); }};
}

}  // namespace icrps::cli
