// Text that somebody else wrote, made fit for a terminal, a log or an Event. Pure.
#pragma once

#include <string>
#include <string_view>

namespace icrps {

/// The text with everything escaped that does something instead of standing there: control
/// characters and line ends (\n, \x1b), what turns the direction of a text round or can't be seen
/// (\u202e, \u200b), and bytes that are no UTF-8 (\xff). All other characters stay, of whatever
/// language. What was escaped once has nothing left to escape.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace icrps
