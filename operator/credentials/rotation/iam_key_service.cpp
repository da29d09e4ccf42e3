#include "credentials/rotation/iam_key_service.hpp"

namespace icrps::credentials::rotation {
namespace {

using Kind = iam::Refusal::Kind;

constexpr int kUnauthorized = 401;
constexpr int kRequestTimeout = 408;
constexpr int kTooManyRequests = 429;
constexpr const char* kDescription =
    "Made by icr-pull-secrets, which also disables and deletes it when its time is over";

/// What IAM refuses to do to one key (it is locked, it is of another account) says nothing of the
/// manager or of other keys, whatever the number of its answer.
iam::Refusal about_one_key(iam::Refusal refusal) {
  const int status = refusal.status;
  const bool no = status >= 400 && status <= 499 && status != kUnauthorized &&
                  status != kRequestTimeout && status != kTooManyRequests &&
                  !refusal.code.empty();  // else it was not IAM that spoke
  if (no && refusal.kind != Kind::kNotFound) refusal.kind = Kind::kPolicy;
  return refusal;
}

}  // namespace

template <class Request>
std::invoke_result_t<Request, const SecretString&> IamKeyService::with_token(
    const Request& request, const std::stop_token& stop) {
  for (bool again = false;; again = true) {
    const auto token = token_.get(stop);
    if (!token) return tl::unexpected(token.error());
    auto result = request(*token);
    if (result || result.error().status != kUnauthorized || again) return result;
    token_.forget();
  }
}

KeyService::Result<std::vector<KeyAtIam>> IamKeyService::list(const std::stop_token& stop) {
  auto infos = with_token(
      [&](const auto& token) {
        return client_.list_keys(token, service_id_.iam_id, service_id_.account_id, stop);
      },
      stop);
  if (!infos) return tl::unexpected(infos.error());
  std::vector<KeyAtIam> keys;
  keys.reserve(infos->size());
  for (auto& info : *infos) {
    keys.push_back({std::move(info.id), std::move(info.name), info.disabled, info.locked});
  }
  return keys;
}

KeyService::Result<std::size_t> IamKeyService::limit(const std::stop_token& stop) {
  const auto limit = with_token(
      [&](const auto& token) { return client_.key_limit(token, service_id_.account_id, stop); },
      stop);
  if (!limit) return tl::unexpected(limit.error());
  return *limit;
}

KeyService::Result<MadeKey> IamKeyService::create(const std::string& name,
                                                  const std::stop_token& stop) {
  auto key = with_token(
      [&](const auto& token) {
        return client_.create_key(token, service_id_.iam_id, service_id_.account_id, name,
                                  kDescription, stop);
      },
      stop);
  if (!key) return tl::unexpected(std::move(key.error()));
  return MadeKey{std::move(key->id), std::move(key->value)};
}

KeyService::Result<void> IamKeyService::disable(const std::string& id,
                                                const std::stop_token& stop) {
  return with_token(
      [&](const auto& token) {
        return client_.disable_key(token, id, stop).map_error(about_one_key);
      },
      stop);
}

KeyService::Result<void> IamKeyService::remove(const std::string& id, const std::stop_token& stop) {
  return with_token(
      [&](const auto& token) {
        return client_.delete_key(token, id, stop).map_error(about_one_key);
      },
      stop);
}

}  // namespace icrps::credentials::rotation
