// application/x-www-form-urlencoded, for bodies. Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/secret_string.hpp"

namespace icrps::iam {

using Field = std::pair<std::string_view, std::string_view>;

/// "grant_type=…&apikey=…". No copy of a value stays behind in memory.
[[nodiscard]] SecretString encode_form(std::initializer_list<Field> fields);

}  // namespace icrps::iam
