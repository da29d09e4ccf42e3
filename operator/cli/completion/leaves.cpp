#include "cli/completion/leaves.hpp"

#include <sstream>

namespace icrps::cli {

std::vector<Leaf> leaves_of(const std::vector<Command>& commands, const std::string& before) {
  std::vector<Leaf> leaves;
  for (const auto& command : commands) {
    const auto words = before + std::string(command.name);
    leaves.push_back({words, &command});
    for (auto& leaf : leaves_of(command.commands, words + " ")) leaves.push_back(std::move(leaf));
  }
  return leaves;
}

std::vector<std::string> switches_of(const Option& option) {
  std::vector<std::string> names;
  if (option.names.front() != '-') return names;
  std::istringstream in{std::string(option.names)};
  for (std::string name; std::getline(in, name, ',');) names.push_back(name);
  return names;
}

bool takes_file(const Option& option) {
  return option.value == "FILE";
}

}  // namespace icrps::cli
