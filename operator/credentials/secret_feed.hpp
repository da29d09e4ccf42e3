// One key of a Secret in the operator's namespace, watched: what stands there, or what is wrong
// with it, in words for the person who wrote it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "config/config.hpp"
#include "icr/docker_config.hpp"
#include "kube/pure/watch_machine.hpp"

namespace icrps::credentials {

/// A value that can be used.
struct SecretValue {
  SecretString value;
  bool trimmed = false;    ///< white space around it was removed
  bool from_file = false;  ///< it was a field of a file of `ibmcloud`
  std::string uid;         ///< of the Secret
};

/// Why there is none; `what` completes "Secret NAME …".
struct SecretProblem {
  std::string reason;  ///< an Event's
  std::string what;
  std::string uid;  ///< empty when the Secret does not exist
};

using SecretInput = tl::expected<SecretValue, SecretProblem>;

class SecretFeed final : public kube::Sink {
 public:
  /// What is accepted as a value: parse_key_or_file or icr::parse_password.
  using Parse = std::function<tl::expected<icr::ApiKey, icr::Mistake>(std::string_view)>;
  using OnInput = std::function<void(SecretInput)>;

  /// `on_input` is called by the watch's thread for each event of the Secret, and once when the
  /// first list does not have it.
  SecretFeed(config::SecretKeyRef reference, Parse parse, OnInput on_input)
      : reference_(std::move(reference)),
        parse_(std::move(parse)),
        on_input_(std::move(on_input)) {}

  [[nodiscard]] const config::SecretKeyRef& reference() const { return reference_; }

  void relist_begins() override { present_ = false; }
  void apply(kube::Object&& object) override;
  void removed(kube::Object&& object) override;
  void relist_ends(const std::string& resource_version) override;

 private:
  const config::SecretKeyRef reference_;
  const Parse parse_;
  const OnInput on_input_;
  bool present_ = false;  // only touched by the watch
};

/// An API key as icr::parse_api_key() takes it, or the JSON file that `ibmcloud iam
/// api-key-create --file` and `service-api-key-create --file` write, whose field "apikey" is one.
/// Pure.
[[nodiscard]] tl::expected<icr::ApiKey, icr::Mistake> parse_key_or_file(std::string_view bytes);

/// What `object` holds under the key. Pure.
[[nodiscard]] SecretInput read_secret(const kube::Object& object, const std::string& key,
                                      const SecretFeed::Parse& parse);

}  // namespace icrps::credentials
