#include "credentials/inherited_login.hpp"

#include <algorithm>

#include "credentials/publisher.hpp"
#include "iam/pure/json_scalars.hpp"
#include "icr/base64.hpp"
#include "plan/names.hpp"

namespace icrps::credentials {
namespace {

/// Of the first entry: all entries of a copy have the same.
std::optional<icr::Login> first_login(std::string_view docker_config) {
  std::optional<icr::Login> first;
  icr::Login login;
  const bool json = iam::read_scalars(
      docker_config, {.leaf =
                          [&](std::string_view path, iam::Scalar&& value) {
                            auto* text = iam::text_of(value);
                            if (text == nullptr || first) return;
                            if (path.ends_with("/username")) login.username = text->reveal();
                            if (path.ends_with("/password")) login.password = std::move(*text);
                          },
                      .object_end =
                          [&](std::string_view path) {
                            if (path != "auths" && path.starts_with("auths/") && !first)
                              first = login;
                          }});
  return json ? first : std::nullopt;
}

}  // namespace

std::optional<icr::Login> login_of_copy(const kube::Object& copy, const std::string& credential,
                                        const Status& recorded) {
  const auto entry = std::find_if(copy.data.begin(), copy.data.end(),
                                  [](const auto& data) { return data.first == plan::kSecretKey; });
  if (entry == copy.data.end() || recorded.digest.empty()) return std::nullopt;
  auto bytes = icr::base64_decode(entry->second.reveal());
  if (!bytes) return std::nullopt;
  const SecretString text(std::move(*bytes));
  auto login = first_login(text.reveal());
  if (!login || login_digest(credential, *login) != recorded.digest) return std::nullopt;
  return login;
}

std::optional<icr::Login> find_login(kube::Client& client, const std::vector<CopyPlace>& places,
                                     const std::string& credential, const Status& recorded,
                                     const std::stop_token& stop) {
  for (const auto& [ns, secret] : places) {
    const auto copy = client.get({"secrets", ns, secret}, stop);
    if (!copy) continue;
    if (auto login = login_of_copy(*copy, credential, recorded)) return login;
  }
  return std::nullopt;
}

}  // namespace icrps::credentials
