// Small helpers for text that people write by hand. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace icrps::icr {

/// Space, tab, line feed, vertical tab, form feed, carriage return.
[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
[[nodiscard]] constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

/// Without the blanks at both ends. A view into `text`.
[[nodiscard]] std::string_view trim(std::string_view text);

/// ASCII letters only; independent of the locale.
[[nodiscard]] std::string lower(std::string_view text);

/// [a-z0-9]([-a-z0-9]*[a-z0-9])?, at most `limit` characters.
[[nodiscard]] bool is_dns_label(std::string_view text, std::size_t limit = 63);

/// DNS labels joined by dots, at most 253 characters: the name of most Kubernetes objects.
[[nodiscard]] bool is_dns_subdomain(std::string_view text);

/// 1 to 65535 without leading zeros.
[[nodiscard]] bool is_port(std::string_view text);

/// The candidate that `word` is a likely typing mistake of: one edit away (insert, delete, change,
/// swap neighbours), two for words of six and more characters. The first of equally near ones.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

}  // namespace icrps::icr
