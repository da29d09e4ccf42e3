// The state of a rotation in a Secret of the operator's namespace.
#pragma once

#include <string>

#include "credentials/rotation/state_store.hpp"
#include "kube/client.hpp"

namespace icrps::credentials::rotation {

/// The key of the Secret's data that holds the state.
inline constexpr const char* kStateKey = "state.json";
/// On the Secret: an RFC 3339 time; another one than before asks for a rotation now.
inline constexpr const char* kRotateRequested = "icr-pull-secrets/rotate-requested";

class KubeStateStore final : public StateStore {
 public:
  /// `client` outlives the store. `ns`: the operator's own.
  KubeStateStore(kube::Client& client, std::string ns, std::string credential);

  [[nodiscard]] const std::string& secret() const { return secret_; }

  Result<std::optional<StoredState>> load(const std::stop_token& stop) override;
  Result<StateVersion> save(const SecretString& text, const std::optional<StateVersion>& previous,
                            const std::stop_token& stop) override;

 private:
  kube::Client& client_;
  const std::string ns_;
  const std::string credential_;
  const std::string secret_;
};

}  // namespace icrps::credentials::rotation
