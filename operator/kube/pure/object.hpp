// The parts of Kubernetes objects that this program looks at. Plain data.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/secret_string.hpp"

namespace icrps::kube {

/// A container of a pod, or an init container.
struct Container {
  std::string name;
  std::string image;    ///< as the pod's author wrote it
  std::string waiting;  ///< why it waits: "ImagePullBackOff"; empty: it does not
};

/// A Namespace, ServiceAccount, Secret or Pod; fields that a kind does not have stay empty.
struct Object {
  std::string name;
  std::string ns;  ///< empty for a Namespace
  std::string uid;
  std::string resource_version;
  bool terminating = false;  ///< has a deletionTimestamp
  /// Only the keys below "icr-pull-secrets/": the others are nobody's business and cost memory.
  std::map<std::string, std::string> annotations;
  /// The same, "app.kubernetes.io/managed-by", and what a Keep asks for.
  std::map<std::string, std::string> labels;

  // Secret
  std::string type;
  bool immutable = false;
  std::vector<std::pair<std::string, SecretString>> data;  ///< values still in base64

  // ServiceAccount, Pod
  /// In the object's order; of an unwieldy list only those that a Keep asks for.
  std::vector<std::string> image_pull_secrets;
  bool unwieldy = false;                           ///< the list is longer than anybody needs
  std::vector<std::size_t> pull_secret_positions;  ///< of an unwieldy list: of those that were kept
  bool annotated = false;                          ///< there is a map of annotations

  // Pod
  std::string service_account;
  std::string phase;
  bool controlled = false;  ///< it has an owner that makes it anew when it goes
  bool mirror = false;      ///< of a static pod, which only its node's kubelet can make anew
  std::vector<Container> containers;
};

/// Longer lists, or lists of longer names in all, are unwieldy: they stand for every account of the
/// cluster in memory, and their owners write what they like.
inline constexpr std::size_t kMostPullSecrets = 128;
inline constexpr std::size_t kMostPullSecretBytes = 16384;

/// Nobody waits longer for a Retry-After; it would look like an operator that is dead.
inline constexpr std::chrono::seconds kLongestRetryAfter{60};

/// What is answered when something is refused.
struct Status {
  int code = 0;
  std::string reason;   ///< "Conflict", "AlreadyExists", "Expired", …
  std::string message;  ///< for people
  std::optional<std::chrono::seconds> retry_after;
  std::vector<std::string> causes;  ///< details.causes[].reason: "NamespaceTerminating", …
  /// A Status of the API v1: the API server itself speaks. Otherwise something in between does, a
  /// load balancer or a proxy, and its 404 or 403 says nothing about any object.
  bool from_api_server = false;
  /// metadata.continue: where a list whose token has expired goes on, with what there is now.
  std::string continue_token{};

  [[nodiscard]] bool has_cause(std::string_view cause) const;
};

/// True when `a` is older than `b`. Resource versions compare as decimal numbers of any length
/// (guaranteed by the API since Kubernetes 1.35, KEP-5504, and true of etcd before); anything else
/// is not comparable and gives false, which makes a reader take the newcomer.
[[nodiscard]] bool older(std::string_view a, std::string_view b);

}  // namespace icrps::kube
