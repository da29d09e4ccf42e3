#include "cli/command_line.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>

#include "cli/exit_codes.hpp"
#include "http/transport_cpprest.hpp"
#include "runtime/signals.hpp"

namespace icrps::cli {
namespace {

/// What --help ends with.
std::string footer(const Command& command) {
  std::string text;
  if (!command.examples.empty()) text += "\nExamples:\n";
  for (const auto& example : command.examples) {
    text += fmt::format("  # {}\n  {}\n", example.what, example.line);
  }
  if (!command.exit_codes.empty()) text += "\nExit codes:\n";
  for (const auto& exit : command.exit_codes)
    text += fmt::format("  {}  {}\n", exit.code, exit.when);
  return text;
}

CLI::Option* add_to(CLI::App& app, const Option& option) {
  const std::string names(option.names);
  if (const auto* const on = std::get_if<bool*>(&option.target)) {
    return app.add_flag(names, **on, option.help);
  }
  if (const auto* const one = std::get_if<std::string*>(&option.target)) {
    return app.add_option(names, **one, option.help);
  }
  // One value each: what follows may be an argument.
  return app.add_option(names, *std::get<std::vector<std::string>*>(option.target), option.help)
      ->allow_extra_args(option.names.front() != '-');
}

void add(CLI::App& app, const Option& option) {
  auto* const added = add_to(app, option);
  if (!option.value.empty()) added->type_name(std::string(option.value));
  if (!option.accepted.empty()) added->check(CLI::IsMember(option.accepted));
  added->required(option.required);
}

void add(CLI::App& parent, const Command& command) {
  auto& app = *parent.add_subcommand(std::string(command.name), std::string(command.summary));
  for (const auto& option : command.options) add(app, option);
  for (const auto& below : command.commands) add(app, below);
  if (!command.commands.empty()) app.require_subcommand(1);
  app.footer(footer(command));
}

/// The one that was asked for; the parser has seen to it that there is one.
const Command& chosen(const std::vector<Command>& commands, const CLI::App& app) {
  for (const auto& command : commands) {
    const std::string name(command.name);
    if (!app.got_subcommand(name)) continue;
    return command.commands.empty() ? command : chosen(command.commands, *app.get_subcommand(name));
  }
  return commands.front();
}

/// Before anything allocates much or starts a thread.
void prepare_process(Needs needs) {
  constexpr int kArenas = 2;  // threads that wait most of the time need no heap each
  mallopt(M_ARENA_MAX, kArenas);
  // An object may be as large as a megabyte, whoever wrote it. Its memory goes back at once: left
  // to itself the allocator takes such sizes for usual after the first, and keeps them.
  constexpr int kLarge = 128 * 1024;
  mallopt(M_MMAP_THRESHOLD, kLarge);
  mallopt(M_TRIM_THRESHOLD, 2 * kLarge);
  ::prctl(PR_SET_DUMPABLE, 0);  // credentials are in its memory
  if (needs == Needs::kNothing) return;
  block_signals();
  http::initialize_http();
  if (needs == Needs::kNetwork) unblock_signals();  // it has nothing to finish
}

}  // namespace

std::string called_as(std::string_view program) {
  return program == "kubectl-icr_pull" ? "kubectl icr-pull" : "icr-pull-secrets";
}

int do_command(const std::vector<Command>& commands, const std::string& program, int argc,
               char** argv) {
  CLI::App app(
      "Keeps pull secrets for IBM Cloud Container Registry right in every namespace that "
      "asks for them.",
      program);
  app.require_subcommand(1);
  for (const auto& command : commands) add(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help
    app.exit(asked);
    return kOk;
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kUsage;
  }
  const auto& command = chosen(commands, app);
  prepare_process(command.needs);
  return command.work();
}

}  // namespace icrps::cli
