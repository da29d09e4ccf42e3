// What a diagnosis reads of the cluster: each thing once, with whatever rights
// there are. What could not be looked at is remembered, and everything else
// goes on without it.
//
// Not thread safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/config.hpp"
#include "diagnosis/gap.hpp"
#include "diagnosis/pod_view.hpp"
#include "kube/client.hpp"

namespace icrps::cli {

/// Something that could not be looked at.
struct Blind {
  std::string what;  ///< "nodes", "Secret shop/mine"
  std::string why;
  friend bool operator==(const Blind&, const Blind&) = default;
};

class Looking {
 public:
  /// `client` outlives this. `operator_namespace`: where its Deployment and
  /// ConfigMap are.
  Looking(kube::Client& client, std::string operator_namespace)
      : client_(client), operator_namespace_(std::move(operator_namespace)) {}

  /// Nothing without it: the error is the API server's.
  tl::expected<diagnosis::PodView, std::string> pod(const std::string& ns, const std::string& name);
  /// An empty `ns`: of all namespaces.
  tl::expected<std::vector<diagnosis::PodView>, std::string> pods(const std::string& ns);

  /// The others: nothing when it could not be looked at, or is not there.
  std::string pull_failure(const diagnosis::PodView& pod, const std::string& image);
  std::string platform(const std::string& node);
  std::optional<plan::NamespaceFacts> ns(const std::string& name);
  std::optional<std::vector<std::string>> account_secrets(const std::string& ns,
                                                          const std::string& name);
  diagnosis::OperatorState operator_state();
  /// Of its ConfigMap.
  std::optional<config::Config> config();

  struct SecretSight {
    bool known = true;                   ///< it was looked at
    std::optional<kube::Object> object;  ///< nothing: it is not there
    std::string why{};                   ///< it was not looked at
  };
  SecretSight secret(const std::string& ns, const std::string& name);

  [[nodiscard]] const std::vector<Blind>& blind() const { return blind_; }

 private:
  /// Nothing: it is not there, or was not looked at, which is remembered as
  /// `what`.
  std::optional<std::string> text(const kube::Path& path, const std::string& what);
  void remember(const std::string& what, const kube::ApiError& error);

  kube::Client& client_;
  const std::string operator_namespace_;
  std::vector<Blind> blind_;
  std::map<std::string, std::optional<std::string>> seen_;  // by target
  std::map<std::string, SecretSight> secrets_;              // by "NS/NAME"
};

}  // namespace icrps::cli
