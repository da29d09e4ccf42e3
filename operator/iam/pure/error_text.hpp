// Words of a server, made fit for messages. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace icrps::iam {

/// What a request carried: words that repeat any of it are not passed on.
using Sent = std::vector<std::string_view>;

/// One line of printable ASCII, cut after `limit` characters.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t limit = 300);

/// Whether `text` holds one of the secrets, as it is or percent-encoded.
[[nodiscard]] bool repeats(std::string_view text, const Sent& sent);

}  // namespace icrps::iam
