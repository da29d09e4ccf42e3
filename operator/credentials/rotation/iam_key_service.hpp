// KeyService at IBM Cloud IAM.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "credentials/rotation/key_service.hpp"
#include "iam/client.hpp"

namespace icrps::credentials::rotation {

class IamKeyService final : public KeyService {
 public:
  /// An access token of the manager, asked for before each call: it is for the callee to keep one
  /// as long as it is good.
  using ManagerToken =
      std::function<tl::expected<SecretString, iam::Refusal>(const std::stop_token& stop)>;

  struct ServiceId {
    std::string iam_id;
    std::string account_id;
  };

  /// `client` outlives the service.
  IamKeyService(iam::Client& client, ServiceId service_id, ManagerToken token)
      : client_(client), service_id_(std::move(service_id)), token_(std::move(token)) {}

  Result<std::vector<KeyAtIam>> list(const std::stop_token& stop) override;
  /// IBM's default where the manager may not read the limits of the account.
  Result<std::size_t> limit(const std::stop_token& stop) override;
  Result<MadeKey> create(const std::string& name, const std::stop_token& stop) override;
  Result<void> disable(const std::string& id, const std::stop_token& stop) override;
  Result<void> remove(const std::string& id, const std::stop_token& stop) override;

 private:
  iam::Client& client_;
  const ServiceId service_id_;
  const ManagerToken token_;
};

}  // namespace icrps::credentials::rotation
