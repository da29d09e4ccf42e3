// The Secret that is to hold an API key, in the cluster: read, claimed by a run, written, deleted.
//
// Every write carries the resourceVersion that was read: what somebody else wrote in between stays.
// Thread safety: none; one run uses it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "kube/client.hpp"
#include "provision/pure/marks.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::provision {

/// The key in the Secret's data, as everywhere in the documentation.
inline constexpr const char* kApiKeyField = "apikey";
/// Whose the Secret is: the NAME.
inline constexpr const char* kNameAnnotation = "icr-pull-secrets/provision";
/// When a run that has not stored its key began, in RFC 3339.
inline constexpr const char* kBeganAnnotation = "icr-pull-secrets/provision-began";

struct SecretName {
  std::string ns;
  std::string name;
};

class SourceSecret {
 public:
  template <typename T>
  using Result = tl::expected<T, std::string>;  ///< a sentence for a person

  /// What was read last.
  struct Content {
    bool exists = false;
    std::string name;                     ///< NAME in its annotation; or empty
    std::string began;                    ///< a run that has not stored its key; or empty
    std::optional<SecretString> value{};  ///< under kApiKeyField, as it stands there
    std::string uid{};
    std::string resource_version{};
  };

  /// `client` outlives it.
  SourceSecret(kube::Client& client, SecretName name) : client_(client), name_(std::move(name)) {}

  [[nodiscard]] const SecretName& name() const { return name_; }
  /// The UID of its namespace: another cluster has another.
  Result<std::string> namespace_uid();
  Result<Content> read();
  /// Writes that a run for `provision_name` began; makes the Secret if it does not exist.
  Result<void> claim(const std::string& provision_name, const std::string& stamp);
  /// After claim(). An error says that the value is not there; where that is not known the error is
  /// `unsure`.
  struct NotStored {
    std::string why;
    bool unsure = false;
  };
  tl::expected<void, NotStored> store(const SecretString& value);
  /// Deletes what was read last.
  Result<void> remove();

 private:
  [[nodiscard]] std::string words(const kube::ApiError& error) const;
  Result<void> accept(kube::Reply reply);

  kube::Client& client_;
  const SecretName name_;
  Content content_;
};

}  // namespace icrps::provision
