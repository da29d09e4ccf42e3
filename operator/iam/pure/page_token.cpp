#include "iam/pure/page_token.hpp"

#include <algorithm>

#include "icr/text.hpp"

namespace icrps::iam {
namespace {

constexpr std::size_t kLongestPageToken = 1024;

/// What may stand in a query as it is.
bool is_page_token(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto is_hex = [&](std::size_t at) {
      return at < text.size() &&
             std::string_view("0123456789abcdefABCDEF").find(text[at]) != std::string_view::npos;
    };
    const bool fine = icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) ||
                      std::string_view("-._~+=:/").find(c) != std::string_view::npos;
    if (!fine && !(c == '%' && is_hex(i + 1) && is_hex(i + 2))) return false;
  }
  return !text.empty() && text.size() <= kLongestPageToken;
}

}  // namespace

std::optional<std::string> page_token_of(std::string_view link, std::string_view name) {
  const std::size_t question = link.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view query = link.substr(question + 1);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view field = query.substr(0, end);
    const std::size_t equals = std::min(field.find('='), field.size());
    if (field.substr(0, equals) == name && equals < field.size()) {
      const auto token = field.substr(equals + 1);
      return is_page_token(token) ? std::optional(std::string(token)) : std::nullopt;
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return std::nullopt;
}

std::optional<std::string> next_page(std::string_view link) {
  return link.empty() ? std::optional(std::string()) : page_token_of(link);
}

}  // namespace icrps::iam
