#include "credentials/secret_feed.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "icr/base64.hpp"
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
  return SecretValue{std::move(parsed->value), parsed->trimmed, object.uid};
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
