// Whether the text of a token file is a whole token. Pure.
#pragma once

#include <string_view>

namespace icrps::kube {

/// False for an empty text, for one with a line end or a blank in it, and for a JSON web token that
/// was cut off: its parts are not all there, or can't be read, or its signature is shorter than its
/// algorithm makes it. Any other token is taken as it is.
[[nodiscard]] bool is_whole_token(std::string_view text);

}  // namespace icrps::kube
