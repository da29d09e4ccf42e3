#include "http/percent.hpp"

#include "icr/text.hpp"

namespace icrps::http {
namespace {

bool is_unreserved(char c) {
  return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(kLongestEscape * text.size());
  append_percent_encoded(out, text);
  return out;
}

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto code = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[code >> 4U];
    out += kHex[code & 15U];
  }
}

}  // namespace icrps::http
