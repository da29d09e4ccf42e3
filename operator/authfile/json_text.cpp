#include "authfile/json_text.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "icr/text.hpp"
#include "runtime/utf8.hpp"

namespace icrps::authfile {
namespace {

constexpr unsigned kDeepest = 100;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// Thrown by the parser, caught by parse_json().
struct Broken {
  std::size_t at;
  std::string what;
};

bool is_hex(char c) {
  return icr::is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

unsigned hex_value(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) {
    const auto digit = icr::is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return value;
}

class JsonParser {
 public:
  explicit JsonParser(std::string_view text) : text_(text) {}

  JsonValue document() {
    if (text_.starts_with("\xef\xbb\xbf")) {
      fail("a byte order mark, which docker and podman do not read; save the file without it");
    }
    auto value = any(0);
    blanks();
    if (at_ < text_.size()) fail("more text after the end of the value");
    return value;
  }

 private:
  [[noreturn]] void fail(std::string what) const { throw Broken{at_, std::move(what)}; }

  [[nodiscard]] char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void blanks() {
    constexpr std::string_view kBlanks = " \t\r\n";
    while (at_ < text_.size() && kBlanks.find(text_[at_]) != std::string_view::npos) ++at_;
  }

  void expect(char c) {
    if (here() != c) fail(at_ < text_.size() ? fmt::format("no '{}' here", c) : "the text ends");
    ++at_;
  }

  JsonValue any(unsigned depth) {
    if (depth > kDeepest) fail("nested too deeply");
    blanks();
    JsonValue value;
    value.begin = at_;
    switch (here()) {
      case '{':
        object(value, depth);
        break;
      case '[':
        array(value, depth);
        break;
      case '"':
        value.kind = JsonValue::Kind::kString;
        string();
        break;
      default:
        scalar(value);
    }
    value.end = at_;
    return value;
  }

  void object(JsonValue& value, unsigned depth) {
    value.kind = JsonValue::Kind::kObject;
    ++at_;
    blanks();
    while (here() != '}') {
      if (!value.members.empty()) {
        expect(',');
        blanks();
      }
      JsonMember member;
      member.begin = at_;
      if (here() != '"') fail(at_ < text_.size() ? "no key in quotes here" : "the text ends");
      JsonValue key;
      key.kind = JsonValue::Kind::kString;
      key.begin = at_;
      string();
      key.end = member.key_end = at_;
      member.key = string_in(text_, key);
      blanks();
      expect(':');
      member.value = any(depth + 1);
      value.members.push_back(std::move(member));
      blanks();
    }
    ++at_;
  }

  void array(JsonValue& value, unsigned depth) {
    value.kind = JsonValue::Kind::kArray;
    ++at_;
    blanks();
    for (bool first = true; here() != ']'; first = false) {
      if (!first) expect(',');
      any(depth + 1);
      blanks();
    }
    ++at_;
  }

  void string() {
    ++at_;
    while (here() != '"') {
      if (at_ >= text_.size()) fail("the text ends inside of a string");
      if (static_cast<unsigned char>(here()) < 0x20U) fail("a control character in a string");
      if (here() == '\\') escape();
      ++at_;
    }
    ++at_;
  }

  void escape() {
    ++at_;
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    if (here() == 'u') {
      const auto digits = text_.substr(at_ + 1, 4);
      if (digits.size() < 4 || !std::all_of(digits.begin(), digits.end(), is_hex)) {
        fail("\\u without four hex digits");
      }
      at_ += 4;
    } else if (here() == '\0' || kEscapes.find(here()) == std::string_view::npos) {
      fail("an escape that JSON does not have");
    }
  }

  void scalar(JsonValue& value) {
    if (word("null")) return;
    value.kind = JsonValue::Kind::kBool;
    if (word("true") || word("false")) return;
    value.kind = JsonValue::Kind::kNumber;
    number();
  }

  bool word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  void digits() {
    if (!icr::is_digit(here())) fail(at_ < text_.size() ? "no value here" : "the text ends");
    while (icr::is_digit(here())) ++at_;
  }

  void number() {
    if (here() == '-') ++at_;
    if (here() == '0') {
      ++at_;
    } else {
      digits();
    }
    if (here() == '.') {
      ++at_;
      digits();
    }
    if (here() == 'e' || here() == 'E') {
      ++at_;
      if (here() == '+' || here() == '-') ++at_;
      digits();
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_utf8(std::string& text, unsigned code) {
  const auto byte = [&](unsigned value) { text += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0U | code >> 6U);
    byte(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    byte(0xe0U | code >> 12U);
    byte(0x80U | (code >> 6U & 0x3fU));
    byte(0x80U | (code & 0x3fU));
  } else {
    byte(0xf0U | code >> 18U);
    byte(0x80U | (code >> 12U & 0x3fU));
    byte(0x80U | (code >> 6U & 0x3fU));
    byte(0x80U | (code & 0x3fU));
  }
}

bool is_high(unsigned code) {
  return code >= 0xd800 && code < 0xdc00;
}

bool is_low(unsigned code) {
  return code >= 0xdc00 && code < 0xe000;
}

/// `in` stands after a backslash and u. Returns how many bytes it took.
std::size_t append_unicode(std::string& text, std::string_view in) {
  const unsigned first = hex_value(in.substr(0, 4));
  if (is_high(first) && in.size() >= 10 && in.substr(4, 2) == "\\u") {
    const unsigned second = hex_value(in.substr(6, 4));
    if (is_low(second)) {
      append_utf8(text, 0x10000U + ((first - 0xd800U) << 10U) + (second - 0xdc00U));
      return 10;
    }
  }
  if (is_high(first) || is_low(first)) {
    text += kReplacement;
  } else {
    append_utf8(text, first);
  }
  return 4;
}

char escaped(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

const JsonMember* JsonValue::find(std::string_view key) const {
  const auto found = std::find_if(members.rbegin(), members.rend(),
                                  [&](const JsonMember& member) { return member.key == key; });
  return found == members.rend() ? nullptr : &*found;
}

tl::expected<JsonValue, JsonFault> parse_json(std::string_view text) {
  try {
    return JsonParser(text).document();
  } catch (const Broken& broken) {
    const auto before = text.substr(0, broken.at);
    const auto line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const auto column = broken.at - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    return tl::make_unexpected(JsonFault{line, column, broken.what});
  }
}

std::string string_in(std::string_view text, const JsonValue& string) {
  auto in = text.substr(string.begin + 1, string.end - string.begin - 2);
  std::string out;
  out.reserve(in.size());  // it seldom grows: credentials have no escapes
  while (!in.empty()) {
    if (in.front() == '\\') {
      in.remove_prefix(1);
      const char kind = in.front();
      in.remove_prefix(1);
      if (kind == 'u') {
        in.remove_prefix(append_unicode(out, in));
      } else {
        out += escaped(kind);
      }
    } else if (const auto length = utf8_length(in); length > 0) {
      out += in.substr(0, length);
      in.remove_prefix(length);
    } else {
      out += kReplacement;
      in.remove_prefix(1);
    }
  }
  return out;
}

std::string json_quoted(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  quoted += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20U) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return quoted;
}

}  // namespace icrps::authfile
