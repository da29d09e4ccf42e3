// What is made of the table of commands has all of it.
#include "cli/completion/scripts.hpp"

#include <catch2/catch.hpp>

#include "cli/commands.hpp"
#include "cli/completion/leaves.hpp"

namespace scripts_test {

namespace {

using namespace icrps::cli;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string roff(std::string text) {
  for (std::size_t at = 0; (at = text.find('-', at)) != std::string::npos; at += 2) {
    text.insert(at, "\\");
  }
  return text;
}

}  // namespace

TEST_CASE("shells and the man page know every command and every option") {
  const auto all = commands();
  const auto bash = bash_completion(all);
  const auto zsh = zsh_completion(all);
  const auto fish = fish_completion(all);
  const auto manual = manual_page(all, "1.2.3");
  for (const auto& leaf : leaves_of(all)) {
    INFO(leaf.words);
    CHECK(has(bash, "'" + leaf.words + "') "));
    CHECK(has(zsh, "'" + leaf.words + "') offers=("));
    CHECK(has(fish, " -a " + std::string(leaf.command->name) + " -d "));
    if (!leaf.command->commands.empty()) continue;
    CHECK(has(manual, ".SS " + roff(leaf.words) + "\n"));
    for (const auto& option : leaf.command->options) {
      for (const auto& name : switches_of(option)) {
        INFO(name);
        CHECK(has(bash, name));
        CHECK(has(zsh, "'" + name + ":"));
        CHECK(
            has(fish, name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1)));
        CHECK(has(manual, roff(name)));
      }
    }
  }
}

TEST_CASE("a value that is one of a few words is offered, and a file where one is wanted") {
  Command command{.name = "do", .summary = "It's done"};
  std::string text;
  command.options = {{.names = "-o,--output",
                      .value = "a|b",
                      .help = "How",
                      .target = &text,
                      .accepted = {"a", "b"}},
                     {.names = "--config", .value = "FILE", .help = "What", .target = &text}};
  const auto bash = bash_completion({command});
  CHECK(has(bash, "'do|-o') mapfile -t COMPREPLY < <(compgen -W 'a b' -- \"$cur\"); return ;;"));
  CHECK(has(bash, "'do|--config') mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;"));
  const auto fish = fish_completion({command});
  CHECK(has(fish, "-a do -d 'It'\\''s done'"));
  CHECK(has(fish, "-s o -l output -x -a 'a b' -d 'How'"));
  CHECK(has(fish, "-l config -r -F -d 'What'"));
  CHECK(has(zsh_completion({command}), "'do|-o') compadd -- a b; return ;;"));
}

}  // namespace scripts_test
