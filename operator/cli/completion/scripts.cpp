#include "cli/completion/scripts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion/leaves.hpp"

namespace icrps::cli {
namespace {

/// In single quotes, for bash, zsh and fish alike.
std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::vector<std::string> words_after(const Command& command) {
  std::vector<std::string> words;
  for (const auto& below : command.commands) words.emplace_back(below.name);
  for (const auto& option : command.options) {
    for (auto& name : switches_of(option)) words.push_back(std::move(name));
    if (switches_of(option).empty()) {
      words.insert(words.end(), option.accepted.begin(), option.accepted.end());
    }
  }
  words.emplace_back("--help");
  return words;
}

/// The leaves, and before them what is offered where no command has begun: `root` has them all.
std::vector<Leaf> leaves_with(const Command& root) {
  auto leaves = leaves_of(root.commands);
  leaves.insert(leaves.begin(), Leaf{"", &root});
  return leaves;
}

/// The loop that finds the command of a line in `words`; bash and zsh differ in how they count.
std::string find_command(const std::vector<Leaf>& leaves, const char* loop) {
  std::string known;
  for (const auto& leaf : leaves) {
    const auto space = leaf.words.rfind(' ');
    known += fmt::format("{}\"{} {}\"", known.empty() ? "" : "|",
                         space == std::string::npos ? "" : leaf.words.substr(0, space),
                         space == std::string::npos ? leaf.words : leaf.words.substr(space + 1));
  }
  return fmt::format(
      "  for word in {}; do\n    case \"$command $word\" in\n      {}) "
      "command=\"${{command:+$command "
      "}}$word\" ;;\n    esac\n  done\n",
      loop, known);
}

/// case lines for what follows an option; `files` and `words` are how the shell offers them.
std::string values(const std::vector<Leaf>& leaves, const char* files, const char* words) {
  std::string text;
  for (const auto& leaf : leaves) {
    for (const auto& option : leaf.command->options) {
      const bool offers = takes_file(option) || !option.accepted.empty();
      if (!offers && option.value.empty()) continue;
      for (const auto& name : switches_of(option)) {
        text += fmt::format("    {}) ", shell_quoted(leaf.words + "|" + name));
        if (takes_file(option)) {
          text += files;
        } else if (!option.accepted.empty()) {
          text += fmt::format(fmt::runtime(words), fmt::join(option.accepted, " "));
        }
        text += " return ;;\n";
      }
    }
  }
  return text;
}

std::string zsh_described(std::string_view word, std::string_view what) {
  std::string text;
  for (const char c : word) text += c == ':' ? std::string("\\:") : std::string(1, c);
  return shell_quoted(text + ":" + std::string(what));
}

std::string fish_condition(const std::string& words) {
  std::string condition;
  std::string_view rest = words;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ",
                             rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return condition.empty() ? "__fish_use_subcommand" : condition;
}

std::string fish_option(const std::string& condition, const Option& option) {
  std::string line = fmt::format("complete -c icr-pull-secrets -n {}", shell_quoted(condition));
  for (const auto& name : switches_of(option)) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.value.empty()) line += takes_file(option) ? " -r -F" : " -x";
  if (!option.accepted.empty()) {
    line += fmt::format(" -a {}", shell_quoted(fmt::format("{}", fmt::join(option.accepted, " "))));
  }
  return line + " -d " + shell_quoted(option.help) + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
  const auto leaves = leaves_of(commands);
  std::string text =
      "# bash completion of icr-pull-secrets\n_icr_pull_secrets() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' word\n";
  text += find_command(leaves, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"");
  text += "  case \"$command|$prev\" in\n";
  text += values(leaves, "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\");",
                 "mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\");");
  text += "  esac\n  case $command in\n";
  const Command root{.name = "", .summary = "", .commands = commands};
  for (const auto& leaf : leaves_with(root)) {
    text += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\") ;;\n",
                        shell_quoted(leaf.words), fmt::join(words_after(*leaf.command), " "));
  }
  return text + "  esac\n}\ncomplete -o default -F _icr_pull_secrets icr-pull-secrets\n";
}

std::string zsh_completion(const std::vector<Command>& commands) {
  const auto leaves = leaves_of(commands);
  std::string text =
      "#compdef icr-pull-secrets\n_icr_pull_secrets() {\n"
      "  local command='' word\n  local -a offers\n";
  text += find_command(leaves, "\"${(@)words[2,CURRENT-1]}\"");
  text += "  case \"$command|${words[CURRENT-1]}\" in\n";
  text += values(leaves, "_files;", "compadd -- {};");
  text += "  esac\n  case $command in\n";
  const Command root{.name = "", .summary = "", .commands = commands};
  for (const auto& leaf : leaves_with(root)) {
    text += fmt::format("    {}) offers=(", shell_quoted(leaf.words));
    for (const auto& below : leaf.command->commands) {
      text += zsh_described(below.name, below.summary) + " ";
    }
    for (const auto& option : leaf.command->options) {
      for (const auto& name : switches_of(option)) text += zsh_described(name, option.help) + " ";
      if (!switches_of(option).empty()) continue;
      for (const auto& word : option.accepted) text += zsh_described(word, option.help) + " ";
    }
    text += zsh_described("--help", "Print help") + ") ;;\n";
  }
  return text +
         "  esac\n  _describe 'icr-pull-secrets' offers || _files\n}\n"
         "compdef _icr_pull_secrets icr-pull-secrets\n";
}

std::string fish_completion(const std::vector<Command>& commands) {
  std::string text = "# fish completion of icr-pull-secrets\n";
  const Command root{.name = "", .summary = "", .commands = commands};
  for (const auto& leaf : leaves_with(root)) {
    const auto condition = fish_condition(leaf.words);
    for (const auto& below : leaf.command->commands) {
      text += fmt::format("complete -c icr-pull-secrets -f -n {} -a {} -d {}\n",
                          shell_quoted(condition), below.name, shell_quoted(below.summary));
    }
    for (const auto& option : leaf.command->options) {
      if (!switches_of(option).empty()) text += fish_option(condition, option);
    }
  }
  return text;
}

}  // namespace icrps::cli
