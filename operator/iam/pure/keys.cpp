#include "iam/pure/keys.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "iam/pure/json_scalars.hpp"
#include "iam/pure/token.hpp"
#include "icr/text.hpp"

namespace icrps::iam {
namespace {

constexpr std::size_t kLongestPageToken = 1024;

void keep(std::string& field, Scalar& value) {
  if (const auto* text = text_of(value)) field = text->reveal();
}

void keep(bool& field, const Scalar& value) {
  if (const auto* flag = std::get_if<bool>(&value)) field = *flag;
}

void keep_info(KeyInfo& key, std::string_view field, Scalar& value) {
  if (field == "id") keep(key.id, value);
  if (field == "name") keep(key.name, value);
  if (field == "iam_id") keep(key.iam_id, value);
  if (field == "account_id") keep(key.account_id, value);
  if (field == "created_at") keep(key.created_at, value);
  if (field == "disabled") keep(key.disabled, value);
  if (field == "locked") keep(key.locked, value);
}

/// What may stand in a query as it is: the token was encoded by IAM.
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

std::optional<std::string> page_token_of(std::string_view link) {
  constexpr std::string_view kName = "pagetoken=";
  const std::size_t question = link.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view query = link.substr(question + 1);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view field = query.substr(0, end);
    if (field.starts_with(kName)) {
      const auto token = field.substr(kName.size());
      return is_page_token(token) ? std::optional(std::string(token)) : std::nullopt;
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return std::nullopt;
}

}  // namespace

std::optional<KeyPage> read_key_page(std::string_view body) {
  constexpr std::string_view kEntry = "apikeys/[]/";
  KeyPage page;
  KeyInfo current;
  std::string link;
  bool listed = false;
  bool nameless = false;
  const bool json = read_scalars(
      body, {.leaf =
                 [&](std::string_view path, Scalar&& value) {
                   if (path == "next") keep(link, value);
                   if (path.starts_with(kEntry)) {
                     keep_info(current, path.substr(kEntry.size()), value);
                   }
                 },
             .object_end =
                 [&](std::string_view path) {
                   if (path != "apikeys/[]") return;
                   nameless = nameless || current.id.empty();
                   page.keys.push_back(std::exchange(current, {}));
                 },
             .array_end = [&](std::string_view path) { listed = listed || path == "apikeys"; }});
  if (!json || !listed || nameless) return std::nullopt;
  if (link.empty()) return page;
  auto next = page_token_of(link);
  if (!next) return std::nullopt;
  page.next = std::move(*next);
  return page;
}

std::optional<NewKey> read_new_key(std::string_view body) {
  NewKey key;
  const bool json = read_scalars(body, {.leaf = [&](std::string_view path, Scalar&& value) {
                                   if (path == "id") keep(key.id, value);
                                   if (path != "apikey") return;
                                   if (auto* text = text_of(value)) key.value = std::move(*text);
                                 }});
  if (!json || key.id.empty() || !is_bearer_token(key.value.reveal())) return std::nullopt;
  return key;
}

std::optional<unsigned> read_key_limit(std::string_view body) {
  std::optional<unsigned> limit;
  const bool json =
      read_scalars(body, {.leaf = [&](std::string_view path, Scalar&& value) {
                     if (path != "apikeys_per_identity" && path != "apikeys_per_identity/limit")
                       return;
                     const auto* number = std::get_if<std::int64_t>(&value);
                     const bool fits = number != nullptr && *number >= 0 &&
                                       *number <= std::numeric_limits<int>::max();
                     limit = fits ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
                   }});
  return json ? limit : std::nullopt;
}

}  // namespace icrps::iam
