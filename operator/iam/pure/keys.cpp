#include "iam/pure/keys.hpp"

#include <cstdint>
#include <limits>

#include "iam/pure/json_scalars.hpp"
#include "iam/pure/page_token.hpp"
#include "iam/pure/token.hpp"

namespace icrps::iam {
namespace {

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
  if (field == "description") keep(key.description, value);
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
