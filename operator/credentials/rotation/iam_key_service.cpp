#include "credentials/rotation/iam_key_service.hpp"

namespace icrps::credentials::rotation {
namespace {

using Kind = iam::Refusal::Kind;

constexpr std::size_t kDefaultLimit = 20;
constexpr const char* kDescription =
    "Made by icr-pull-secrets, which also disables and deletes it when its time is over";

}  // namespace

KeyService::Result<std::vector<KeyAtIam>> IamKeyService::list(const std::stop_token& stop) {
  const auto token = token_(stop);
  if (!token) return tl::unexpected(token.error());
  auto infos = client_.list_keys(*token, service_id_.iam_id, service_id_.account_id, stop);
  if (!infos) return tl::unexpected(infos.error());
  std::vector<KeyAtIam> keys;
  keys.reserve(infos->size());
  for (auto& info : *infos) {
    keys.push_back({std::move(info.id), std::move(info.name), info.disabled});
  }
  return keys;
}

KeyService::Result<std::size_t> IamKeyService::limit(const std::stop_token& stop) {
  const auto token = token_(stop);
  if (!token) return tl::unexpected(token.error());
  const auto limit = client_.key_limit(*token, service_id_.account_id, stop);
  if (limit) return *limit;
  const auto kind = limit.error().kind;
  // The keys themselves can still be managed; IAM refuses the one too many.
  if (kind == Kind::kPolicy || kind == Kind::kNotFound) return kDefaultLimit;
  return tl::unexpected(limit.error());
}

KeyService::Result<MadeKey> IamKeyService::create(const std::string& name,
                                                  const std::stop_token& stop) {
  const auto token = token_(stop);
  if (!token) return tl::unexpected(token.error());
  auto key = client_.create_key(*token, service_id_.iam_id, service_id_.account_id, name,
                                kDescription, stop);
  if (!key) return tl::unexpected(std::move(key.error()));
  return MadeKey{std::move(key->id), std::move(key->value)};
}

KeyService::Result<void> IamKeyService::disable(const std::string& id,
                                                const std::stop_token& stop) {
  const auto token = token_(stop);
  if (!token) return tl::unexpected(token.error());
  return client_.disable_key(*token, id, stop);
}

KeyService::Result<void> IamKeyService::remove(const std::string& id, const std::stop_token& stop) {
  const auto token = token_(stop);
  if (!token) return tl::unexpected(token.error());
  return client_.delete_key(*token, id, stop);
}

}  // namespace icrps::credentials::rotation
