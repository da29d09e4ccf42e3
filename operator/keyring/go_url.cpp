#include "keyring/go_url.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>

#include "icr/text.hpp"
#include "runtime/utf8.hpp"

namespace icrps::keyring {
namespace {

bool is_hex_digit(char c) {
  const char low = static_cast<char>(c | 0x20);
  return icr::is_digit(c) || (low >= 'a' && low <= 'f');
}

unsigned digit_of(char c) {
  return static_cast<unsigned>(icr::is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

enum class Part { kHost, kOther };

bool may_stand_in_host(char c) {
  constexpr std::string_view kOthers = "-_.~!$&'()*+,;=:[]<>\"";
  return static_cast<unsigned char>(c) >= 0x80U || icr::is_digit(c) || icr::is_lower(c) ||
         icr::is_upper(c) || kOthers.find(c) != std::string_view::npos;
}

/// Without percent escapes; nothing where there is something else than escapes.
std::optional<std::string> unescape(std::string_view text, Part part) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (part == Part::kHost && !may_stand_in_host(text[i])) return std::nullopt;
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])) {
      return std::nullopt;
    }
    // In a host only what is no ASCII may be escaped.
    if (part == Part::kHost && digit_of(text[i + 1]) < 8 && text.substr(i, 3) != "%25") {
      return std::nullopt;
    }
    out += static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
    i += 2;
  }
  return out;
}

bool is_user_info(std::string_view text) {
  constexpr std::string_view kOthers = "-._:~!$&'()*+,;=%@";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return icr::is_digit(c) || icr::is_lower(c) || icr::is_upper(c) ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool is_optional_port(std::string_view text) {
  if (text.empty()) return true;
  return text.front() == ':' && std::all_of(text.begin() + 1, text.end(), icr::is_digit);
}

bool is_ipv6(const std::string& text) {
  std::array<unsigned char, 16> address{};
  return ::inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), address.data()) == 1;
}

std::optional<std::string> parse_literal(std::string_view text) {
  const auto end = text.rfind(']');
  if (end == std::string_view::npos || !is_optional_port(text.substr(end + 1))) return std::nullopt;
  const auto host = unescape(text.substr(1, end - 1), Part::kHost);
  if (!host || !is_ipv6(*host)) return std::nullopt;
  return "[" + *host + "]" + std::string(text.substr(end + 1));
}

std::optional<std::string> parse_host(std::string_view text) {
  const auto bracket = text.rfind('[');
  if (bracket == 0) return parse_literal(text);
  if (bracket != std::string_view::npos) return std::nullopt;
  const auto colon = std::min(text.find(':'), text.size());
  if (!is_optional_port(text.substr(colon))) return std::nullopt;
  return unescape(text, Part::kHost);
}

std::optional<std::string> parse_authority(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return parse_host(text);
  const auto user = text.substr(0, at);
  if (!is_user_info(user) || !unescape(user, Part::kOther)) return std::nullopt;
  return parse_host(text.substr(at + 1));
}

/// The first character, as Go decodes it, and its length; a byte that is no UTF-8 is U+FFFD.
struct Rune {
  std::string_view bytes;
  bool valid = true;
};

Rune first_rune(std::string_view text) {
  const auto length = text.empty() ? 0 : utf8_length(text);
  if (length > 0) return {text.substr(0, length)};
  return {text.substr(0, std::min<std::size_t>(1, text.size())), false};
}

/// Characters compare as their bytes do, in UTF-8.
std::string_view comparable(const Rune& rune) {
  return rune.valid ? rune.bytes : std::string_view("\xef\xbf\xbd");
}

/// A pattern that is none: thrown deep inside, caught by glob_matches().
struct BadPattern {};

Rune take_class_character(std::string_view& chunk) {
  if (chunk.empty() || chunk.front() == '-' || chunk.front() == ']') throw BadPattern();
  if (chunk.front() == '\\') chunk.remove_prefix(1);
  if (chunk.empty()) throw BadPattern();
  const auto rune = first_rune(chunk);
  chunk.remove_prefix(rune.bytes.size());
  if (!rune.valid || chunk.empty()) throw BadPattern();
  return rune;
}

/// `chunk` stands after "[". Whether the class has `rune`.
bool take_class(std::string_view& chunk, const Rune& rune) {
  const bool negated = chunk.starts_with('^');
  if (negated) chunk.remove_prefix(1);
  bool match = false;
  for (unsigned ranges = 0; !(chunk.starts_with(']') && ranges > 0); ++ranges) {
    const auto low = take_class_character(chunk);
    auto high = low;
    if (chunk.starts_with('-')) {
      chunk.remove_prefix(1);
      high = take_class_character(chunk);
    }
    match = match || (low.bytes <= comparable(rune) && comparable(rune) <= high.bytes);
  }
  chunk.remove_prefix(1);
  return match != negated;
}

/// What is left of `name` after a chunk without stars; nothing: it does not match.
std::optional<std::string_view> match_chunk(std::string_view chunk, std::string_view name) {
  bool failed = false;
  while (!chunk.empty()) {
    failed = failed || name.empty();
    if (chunk.front() == '[') {
      Rune rune{};
      if (!failed) {
        rune = first_rune(name);
        name.remove_prefix(rune.bytes.size());
      }
      chunk.remove_prefix(1);
      if (!take_class(chunk, rune)) failed = true;
      continue;
    }
    if (chunk.front() == '?') {
      if (!failed) {
        failed = name.front() == '/';
        name.remove_prefix(first_rune(name).bytes.size());
      }
      chunk.remove_prefix(1);
      continue;
    }
    if (chunk.front() == '\\') {
      chunk.remove_prefix(1);
      if (chunk.empty()) throw BadPattern();
    }
    if (!failed) {
      failed = chunk.front() != name.front();
      name.remove_prefix(1);
    }
    chunk.remove_prefix(1);
  }
  return failed ? std::nullopt : std::optional(name);
}

struct Chunk {
  bool star = false;
  std::string_view text;
};

/// Up to the next star that stands for itself.
Chunk take_chunk(std::string_view& pattern) {
  Chunk chunk;
  while (pattern.starts_with('*')) {
    pattern.remove_prefix(1);
    chunk.star = true;
  }
  bool in_class = false;
  std::size_t end = 0;
  for (; end < pattern.size(); ++end) {
    const char c = pattern[end];
    if (c == '\\' && end + 1 < pattern.size()) ++end;
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    if (c == '*' && !in_class) break;
  }
  end = std::min(end, pattern.size());
  chunk.text = pattern.substr(0, end);
  pattern.remove_prefix(end);
  return chunk;
}

/// With what stands before it skipped.
std::optional<std::string_view> match_later(std::string_view chunk, std::string_view name,
                                            bool last) {
  for (std::size_t i = 0; i < name.size() && name[i] != '/'; ++i) {
    const auto rest = match_chunk(chunk, name.substr(i + 1));
    if (rest && !(last && !rest->empty())) return rest;
  }
  return std::nullopt;
}

bool glob(std::string_view pattern, std::string_view name) {
  while (!pattern.empty()) {
    const auto chunk = take_chunk(pattern);
    if (chunk.star && chunk.text.empty()) return name.find('/') == std::string_view::npos;
    const bool last = pattern.empty();
    auto rest = match_chunk(chunk.text, name);
    if (!rest || (!rest->empty() && last)) {
      rest = chunk.star ? match_later(chunk.text, name, last) : std::nullopt;
    }
    if (!rest) return false;
    name = *rest;
  }
  return name.empty();
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    if (!unescape(text.substr(hash + 1), Part::kOther)) return std::nullopt;
    text = text.substr(0, hash);
  }
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20U || c == '\x7f';
  });
  if (control) return std::nullopt;
  text = text.substr(0, text.find('?'));
  const auto slash = std::min(text.find('/'), text.size());
  auto host = parse_authority(text.substr(0, slash));
  auto path = unescape(text.substr(slash), Part::kOther);
  if (!host || !path) return std::nullopt;
  return Address{std::move(*host), std::move(*path)};
}

HostPort split_host_port(const std::string& host) {
  const auto colon = host.rfind(':');
  if (colon == std::string::npos) return {host, ""};
  const std::string_view before = std::string_view(host).substr(0, colon);
  if (host.starts_with('[')) {
    if (before.ends_with(']') && before.find(']') == before.size() - 1 &&
        host.find('[', 1) == std::string::npos) {
      return {host.substr(1, colon - 2), host.substr(colon + 1)};
    }
    return {host, ""};
  }
  if (before.find_first_of(":[]") != std::string_view::npos) return {host, ""};
  if (host.find_first_of("[]", colon) != std::string::npos) return {host, ""};
  return {std::string(before), host.substr(colon + 1)};
}

bool glob_matches(std::string_view pattern, std::string_view name) {
  try {
    return glob(pattern, name);
  } catch (const BadPattern&) {
    return false;
  }
}

}  // namespace icrps::keyring
