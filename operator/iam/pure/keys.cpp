#include "iam/pure/keys.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "iam/pure/json_scalars.hpp"
#include "iam/pure/listed.hpp"
#include "iam/pure/page_token.hpp"
#include "iam/pure/token.hpp"

namespace icrps::iam {
namespace {

void take_key(KeyInfo& key, std::string_view field, Scalar& value) {
  if (field == "id") take(key.id, value);
  if (field == "name") take(key.name, value);
  if (field == "iam_id") take(key.iam_id, value);
  if (field == "account_id") take(key.account_id, value);
  if (field == "created_at") take(key.created_at, value);
  if (field == "disabled") take(key.disabled, value);
  if (field == "locked") take(key.locked, value);
  if (field == "description") take(key.description, value);
}

}  // namespace

std::optional<KeyPage> read_key_page(std::string_view body) {
  auto listed = read_list<KeyInfo>(body, "apikeys", take_key);
  if (!listed) return std::nullopt;
  const bool nameless = std::any_of(listed->entries.begin(), listed->entries.end(),
                                    [](const KeyInfo& key) { return key.id.empty(); });
  auto next = next_page(listed->link);
  if (nameless || !next) return std::nullopt;
  return KeyPage{std::move(listed->entries), std::move(*next)};
}

std::optional<NewKey> read_new_key(std::string_view body) {
  NewKey key;
  const bool json = read_scalars(body, {.leaf = [&](std::string_view path, Scalar&& value) {
                                   if (path == "id") take(key.id, value);
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
