// What a command is: one description, of which the parser and --help are made.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace icrps::cli {

/// An option, or, if its names have no hyphen, an argument that is known by its place.
struct Option {
  std::string_view names;    ///< "--only"; "-o,--output"; "IMAGE"
  std::string_view value{};  ///< what it takes, as people are told: "NS"; empty: it is a switch
  std::string help;          ///< a sentence without its full stop
  /// Where the answer goes; it outlives the parser. A vector: the option may be repeated.
  std::variant<bool*, std::string*, std::vector<std::string>*> target;
  std::vector<std::string> accepted{};  ///< these words only; empty: anything
  bool required = false;
  bool common = false;  ///< many commands have it: told once, not with each of them
};

struct Example {
  std::string_view line;  ///< as it is typed
  std::string_view what;  ///< what that does
};

struct ExitCode {
  int code;
  std::string_view when;
};

/// What must be ready before a command begins.
enum class Needs {
  kNothing,  ///< it reads and prints
  kNetwork,
  kSignals,  ///< the network; and it finishes what it has begun when it is told to end
};

struct Command {
  std::string_view name;
  std::string_view summary;     ///< a line without its full stop
  std::string_view synopsis{};  ///< what follows the name; "…" for the common options
  std::vector<Option> options{};
  std::vector<Example> examples{};
  std::vector<ExitCode> exit_codes{};
  Needs needs = Needs::kNetwork;
  std::function<int()> work{};  ///< returns the exit code; empty: it has commands of its own
  std::vector<Command> commands{};
};

}  // namespace icrps::cli
