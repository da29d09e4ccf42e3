#include "plan/content.hpp"

#include <algorithm>
#include <map>

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
  auto keys = auth_keys(limits, hosts);
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(made_.begin(), made_.end(), [&](const auto& one) { return one.first == keys; });
  if (found != made_.end()) {
    made_.splice(made_.begin(), made_, found);
  } else {
    auto content = std::make_shared<const Content>(make(hosts, keys));
    made_.emplace_front(std::move(keys), std::move(content));
    if (made_.size() > kMostContents) made_.pop_back();
  }
  return made_.front().second;
}

Content Material::make(const icr::Hosts& hosts, const Keys& keys) const {
  Content content;
  if (!recorded_) {
    content.data = SecretString(icr::base64_encode(icr::docker_config_json(keys, login_).reveal()));
    content.hash = content_hash({{std::string(kSecretKey), content.data}});
  }
  content.hosts = join({hosts.begin(), hosts.end()}, ",");
  content.revision = revision_;
  if (expires_at_) content.expires_at = rfc3339(*expires_at_);
  return content;
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
