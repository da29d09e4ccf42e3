// The API keys of one service ID, as the rotation needs them.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "credentials/rotation/pure/step.hpp"
#include "iam/pure/refusal.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::credentials::rotation {

struct MadeKey {
  std::string id;
  SecretString value;
};

/// Every call is one request to IAM (a listing: one per page), made with the manager's rights.
class KeyService {
 public:
  template <typename T>
  using Result = tl::expected<T, iam::Refusal>;

  virtual ~KeyService() = default;

  virtual Result<std::vector<KeyAtIam>> list(const std::stop_token& stop) = 0;
  /// How many keys the service ID may have.
  virtual Result<std::size_t> limit(const std::stop_token& stop) = 0;
  /// A refusal other than kUnknown and kCanceled means that no key was made.
  virtual Result<MadeKey> create(const std::string& name, const std::stop_token& stop) = 0;
  virtual Result<void> disable(const std::string& id, const std::stop_token& stop) = 0;
  /// A key that does not exist counts as deleted.
  virtual Result<void> remove(const std::string& id, const std::stop_token& stop) = 0;
};

}  // namespace icrps::credentials::rotation
