// The commands by the words that start them. Private to cli/completion.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace icrps::cli {

struct Leaf {
  std::string words;  ///< "helper install"
  const Command* command;
};

/// All of them, those that only have others below included, each before what is below it.
[[nodiscard]] std::vector<Leaf> leaves_of(const std::vector<Command>& commands,
                                          const std::string& before = "");

/// "-o,--output" → {"-o", "--output"}; an argument has none.
[[nodiscard]] std::vector<std::string> switches_of(const Option& option);

/// What may follow the option is a file's name.
[[nodiscard]] bool takes_file(const Option& option);

}  // namespace icrps::cli
