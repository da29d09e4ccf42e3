// KeyService at IBM Cloud IAM.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <vector>

#include <tl/expected.hpp>

#include "credentials/rotation/key_service.hpp"
#include "iam/client.hpp"

namespace icrps::credentials::rotation {

class IamKeyService final : public KeyService {
 public:
  struct ManagerToken {
    /// Asked for before each call: it is for the callee to keep one as long as it is good.
    std::function<tl::expected<SecretString, iam::Refusal>(const std::stop_token& stop)> get;
    /// The one that was got last is not good any more.
    std::function<void()> forget;
  };

  struct ServiceId {
    std::string iam_id;
    std::string account_id;
  };

  /// `client` outlives the service.
  IamKeyService(iam::Client& client, ServiceId service_id, ManagerToken token)
      : client_(client), service_id_(std::move(service_id)), token_(std::move(token)) {}

  Result<std::vector<KeyAtIam>> list(const std::stop_token& stop) override;
  Result<std::size_t> limit(const std::stop_token& stop) override;
  Result<MadeKey> create(const std::string& name, const std::stop_token& stop) override;
  Result<void> disable(const std::string& id, const std::stop_token& stop) override;
  Result<void> remove(const std::string& id, const std::stop_token& stop) override;

 private:
  /// With a token of the manager; when that turns out to be no good, once more with a fresh one.
  template <class Request>
  std::invoke_result_t<Request, const SecretString&> with_token(const Request& request,
                                                                const std::stop_token& stop);

  iam::Client& client_;
  const ServiceId service_id_;
  const ManagerToken token_;
};

}  // namespace icrps::credentials::rotation
