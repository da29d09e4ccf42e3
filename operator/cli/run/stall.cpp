#include "cli/run/stall.hpp"

#include <cstdlib>
#include <string>
#include <unistd.h>

namespace icrps::cli {

StallPoint stall_point() {
  const char* const wanted = std::getenv("ICRPS_STALL");
  if (wanted == nullptr) return [](std::string_view /*part*/) {};
  const std::string text = wanted;
  const auto colon = text.find(':');
  const auto file = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  return [chosen = text.substr(0, colon), file](std::string_view part) {
    // Whoever takes it away is the one that hangs, and a process that is started again does not.
    if (part != chosen || ::unlink(file.c_str()) != 0) return;
    while (true) ::pause();
  };
}

}  // namespace icrps::cli
