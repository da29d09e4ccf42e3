// How the readers of this room give up: thrown deep inside, caught by the function that was called
// from outside, which returns it as a ConfigError. Private to operator/config.
#pragma once

#include <string>

namespace icrps::config {

struct Failure {
  int line;  ///< counted from 1; 0: the file as a whole
  std::string message;
};

}  // namespace icrps::config
