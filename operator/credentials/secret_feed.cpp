#include "credentials/secret_feed.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "iam/pure/json_scalars.hpp"
#include "icr/base64.hpp"
#include "icr/text.hpp"
#include "plan/names.hpp"

namespace icrps::credentials {
namespace {

SecretInput invalid(const kube::Object& object, std::string what) {
  return tl::unexpected(
      SecretProblem{std::string(plan::kSourceInvalid), std::move(what), object.uid});
}

SecretInput missing(const std::string& key) {
  return tl::unexpected(SecretProblem{
      std::string(plan::kSourceMissing),
      fmt::format("does not exist; create it with the credential under the name \"{}\"", key),
      {}});
}

}  // namespace

tl::expected<icr::ApiKey, icr::Mistake> parse_key_or_file(std::string_view bytes) {
  std::optional<SecretString> key;
  bool once = true;
  const auto on_leaf = [&](std::string_view path, iam::Scalar&& value) {
    if (path != "apikey") return;
    auto* const text = iam::text_of(value);
    once = once && !key && text != nullptr;
    if (text != nullptr) key = std::move(*text);
  };
  const bool is_file = icr::trim(bytes).starts_with('{') &&
                       iam::read_scalars(bytes, {.leaf = on_leaf}) && once && key;
  if (!is_file) return icr::parse_api_key(bytes);
  auto parsed = icr::parse_api_key(key->reveal());
  if (parsed) parsed->from_file = true;
  return parsed;
}

SecretInput read_secret(const kube::Object& object, const std::string& key,
                        const SecretFeed::Parse& parse) {
  const auto entry = std::find_if(object.data.begin(), object.data.end(),
                                  [&](const auto& data) { return data.first == key; });
  if (entry == object.data.end()) {
    return invalid(object,
                   fmt::format("has no key \"{}\"; accepted: a Secret with the credential under "
                               "that name",
                               key));
  }
  auto bytes = icr::base64_decode(entry->second.reveal());
  if (!bytes) return invalid(object, "holds something that is not base64");
  const SecretString text(std::move(*bytes));
  auto parsed = parse(text.reveal());
  if (!parsed) return invalid(object, fmt::format("key \"{}\": {}", key, parsed.error().message));
  return SecretValue{std::move(parsed->value), parsed->trimmed, parsed->from_file, object.uid};
}

void SecretFeed::apply(kube::Object&& object) {
  present_ = true;
  on_input_(read_secret(object, reference_.key, parse_));
}

void SecretFeed::removed(kube::Object&& /*object*/) {
  present_ = false;
  on_input_(missing(reference_.key));
}

void SecretFeed::relist_ends(const std::string& /*resource_version*/) {
  if (!present_) on_input_(missing(reference_.key));
}

}  // namespace icrps::credentials
