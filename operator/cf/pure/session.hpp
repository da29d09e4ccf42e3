// What `cf login` and `cf target` have left for other programs: ~/.cf/config.json. Pure.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "runtime/secret_string.hpp"

namespace icrps::cf {

struct Session {
  std::string api;             ///< "https://api.cf.example.com"
  SecretString authorization;  ///< the whole header: "bearer …"
  std::string space_guid;
  std::string space;  ///< its name
  std::string org;
};

/// An error is a sentence that tells what to do: log in, target a space.
[[nodiscard]] tl::expected<Session, std::string> read_session(std::string_view text);

}  // namespace icrps::cf
