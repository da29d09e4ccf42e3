#include "plan/content.hpp"

#include <algorithm>

#include "icr/base64.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"
#include "runtime/digest.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::plan {
namespace {

constexpr std::size_t kHashDigits = 32;
constexpr std::size_t kRevisionDigits = 12;

}  // namespace

std::string content_hash(const std::vector<std::pair<std::string, SecretString>>& data) {
  // The API server sorts the keys; one more sort costs nothing and makes it certain.
  std::map<std::string_view, const SecretString*> sorted;
  for (const auto& [key, value] : data) sorted.emplace(key, &value);
  std::string hash;
  for (const auto& [key, value] : sorted) {
    hash = digest({hash, key, value->reveal()}, kHashDigits);
  }
  return hash;
}

std::shared_ptr<const Content> Material::content(const icr::Hosts& hosts,
                                                 const Limits& limits) const {
  const auto keys = auth_keys(limits, hosts);
  const std::lock_guard lock(mutex_);
  auto& made = made_[keys];
  if (!made) {
    Content content;
    if (!recorded_) {
      content.data =
          SecretString(icr::base64_encode(icr::docker_config_json(keys, login_).reveal()));
      content.hash = content_hash({{std::string(kSecretKey), content.data}});
    }
    content.hosts = join({hosts.begin(), hosts.end()}, ",");
    content.revision = revision_;
    if (expires_at_) content.expires_at = rfc3339(*expires_at_);
    made = std::make_shared<const Content>(std::move(content));
  }
  return made;
}

std::string revision_of(const std::string& credential, const icr::Login& login) {
  return digest({"revision v1", credential, login.username, login.password.reveal()},
                kRevisionDigits);
}

icr::Hosts hosts_from_text(std::string_view text, const icr::Hosts& known) {
  icr::Hosts hosts;
  for (auto& host : split_list(text)) {
    if (known.contains(host)) hosts.insert(std::move(host));
  }
  return hosts;
}

}  // namespace icrps::plan
