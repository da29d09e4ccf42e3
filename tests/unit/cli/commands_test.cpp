// The table of commands: each is told whole, and docs/cli.md tells the same.
#include "cli/commands.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

namespace commands_test {

namespace {

using namespace icrps::cli;

/// Those that do something, by the words that start them.
void collect(const std::vector<Command>& commands, const std::string& before,
             std::vector<std::pair<std::string, Command>>& found) {
  for (const auto& command : commands) {
    const auto name = before + std::string(command.name);
    if (command.commands.empty()) found.emplace_back(name, command);
    collect(command.commands, name + " ", found);
  }
}

std::vector<std::pair<std::string, Command>> all() {
  std::vector<std::pair<std::string, Command>> found;
  collect(commands(), "", found);
  return found;
}

std::string words(const std::string& line) {
  std::istringstream in(line);
  std::string text;
  for (std::string word; in >> word;) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> lines_of_manual() {
  std::ifstream file(ICRPS_ROOT "/docs/cli.md");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

/// From the line `heading` to the next heading of that kind.
std::string section(const std::string& heading) {
  std::string text;
  bool inside = false;
  for (const auto& line : lines_of_manual()) {
    if (line.starts_with("## ")) inside = line == heading;
    if (inside) text += line + '\n';
  }
  return text;
}

std::string first_word(const std::string& name) {
  return name.substr(0, name.find(' '));
}

}  // namespace

TEST_CASE("each command has a summary, a synopsis with its options, and exit codes") {
  for (const auto& [name, command] : all()) {
    INFO(name);
    CHECK_FALSE(command.summary.empty());
    CHECK_FALSE(command.summary.ends_with('.'));
    CHECK(command.work);
    std::set<std::string_view> names;
    for (const auto& option : command.options) {
      INFO(option.names);
      CHECK(names.insert(option.names).second);
      CHECK_FALSE(option.help.empty());
      const bool is_switch = std::holds_alternative<bool*>(option.target);
      CHECK((is_switch || option.names.front() != '-') == option.value.empty());
      const auto shown = option.names.substr(0, option.names.find(','));
      CHECK((option.common || command.synopsis.find(shown) != std::string_view::npos));
    }
    if (name != "version") CHECK_FALSE(command.exit_codes.empty());
  }
}

TEST_CASE("the manual's synopsis is the table's") {
  std::vector<std::string> manual;
  for (const auto& line : lines_of_manual()) {
    if (line.starts_with("icr-pull-secrets ")) manual.push_back(words(line));
    if (line.starts_with("## ")) break;
  }
  std::vector<std::string> table;
  for (const auto& [name, command] : all()) {
    table.push_back(words("icr-pull-secrets " + name + " " + std::string(command.synopsis)));
  }
  CHECK(manual == table);
}

TEST_CASE("the manual tells each option and each exit code") {
  const auto codes = section("## Exit codes");
  for (const auto& [name, command] : all()) {
    if (name == "version") continue;  // it has no section    INFO(name);
    const auto text = section("## " + first_word(name));
    CHECK_FALSE(text.empty());
    for (const auto& option : command.options) {
      INFO(option.names);
      const auto shown = "`" + std::string(option.names.substr(0, option.names.find(',')));
      CHECK((option.common || option.required || text.find(shown) != std::string::npos));
    }
    for (const auto& exit : command.exit_codes) {
      INFO(exit.code);
      CHECK(codes.find("\n| " + std::to_string(exit.code) + " |") != std::string::npos);
    }
  }
}

}  // namespace commands_test
