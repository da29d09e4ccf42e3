// Which logins the kubelet tries for an image, in its order. Pure.
//
// Source: kubernetes 1.37, pkg/credentialprovider/{keyring,config}.go and secrets/secrets.go.
// tests/differential holds this against that code.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "icr/docker_config.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::keyring {

/// The content of a pull secret; or of an auth file, which looks the same.
struct PullSecret {
  enum class Kind { kDockerConfigJson, kDockercfg };
  std::string name;  ///< for people: "team/icr-default"
  Kind kind = Kind::kDockerConfigJson;
  SecretString content;
};

/// One login of a pull secret.
struct Held {
  std::string secret;  ///< its name
  std::string key;     ///< as it stands there
  icr::Login login;
};

class Kubelet {
 public:
  /// In the order of the pod's imagePullSecrets. One that can't be read makes every pull fail, also
  /// with logins of the others: the error says which and why. An empty one is passed over.
  [[nodiscard]] static tl::expected<Kubelet, std::string> of(
      const std::vector<PullSecret>& secrets);

  /// For `repository`, which has its host and no tag. It tries one after the other until a pull
  /// succeeds.
  [[nodiscard]] std::vector<Held> lookup(const std::string& repository) const;

 private:
  struct Indexed {
    std::string key;    ///< without scheme: "us.icr.io/team/"
    std::size_t place;  ///< in the order of the Secrets
    Held held;
  };
  void add(Held held);

  std::vector<Indexed> index_;  // the keys that go first come first
};

/// Why the kubelet does not take a login with this key for this repository; empty: it does.
[[nodiscard]] std::string why_not(const std::string& key, const std::string& repository);

}  // namespace icrps::keyring
