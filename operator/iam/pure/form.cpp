#include "iam/pure/form.hpp"

#include "icr/text.hpp"

namespace icrps::iam {
namespace {

constexpr std::size_t kLongestEscape = 3;  // %2B

bool is_unreserved(char c) {
  return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// The caller has reserved room.
void append_encoded(std::string& out, std::string_view text) {
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

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(kLongestEscape * text.size());
  append_encoded(out, text);
  return out;
}

SecretString encode_form(std::initializer_list<Field> fields) {
  std::size_t size = 0;
  for (const auto& [name, value] : fields) {
    size += kLongestEscape * (name.size() + value.size()) + 2;
  }
  std::string form;
  form.reserve(size);
  for (const auto& [name, value] : fields) {
    if (!form.empty()) form += '&';
    append_encoded(form, name);
    form += '=';
    append_encoded(form, value);
  }
  return SecretString(std::move(form));
}

}  // namespace icrps::iam
