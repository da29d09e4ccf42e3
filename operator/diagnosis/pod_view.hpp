// A pod as the API server tells it → what a diagnosis needs of it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/wish.hpp"

namespace icrps::diagnosis {

struct ContainerView {
  std::string name;
  std::string image;     ///< as the pod's author wrote it
  bool started = false;  ///< it runs, or has run: its image is there
  std::string reason;    ///< why it waits: "ImagePullBackOff"; empty: it does not
  std::string message;   ///< of the same

  /// As far as the kubelet says.
  [[nodiscard]] bool waits_for_image() const;
};

struct PodView {
  std::string ns;
  std::string name;
  std::string account;
  std::string node;  ///< empty: not scheduled yet
  std::vector<std::string> pull_secrets;
  std::vector<ContainerView> containers;  ///< init containers first, in their order

  /// Whether some container does.
  [[nodiscard]] bool waits_for_image() const;
};

/// Nothing: it is no pod.
[[nodiscard]] std::optional<PodView> read_pod(std::string_view text);
/// Those of a PodList that are to run and whose deletion nobody asked for.
[[nodiscard]] std::vector<PodView> read_pods(std::string_view text);

/// Of an EventList: the words of the last failed pull of this image, without
/// "Failed to pull image …"; empty: there is none. Kubelets before 1.33 say it
/// nowhere else once they back off.
[[nodiscard]] std::string pull_failure(std::string_view events, std::string_view pod,
                                       std::string_view image);

/// Nothing: it is no Namespace. All labels are kept.
[[nodiscard]] std::optional<plan::NamespaceFacts> read_namespace(std::string_view text);

/// Of a ServiceAccount.
[[nodiscard]] std::vector<std::string> pull_secrets_of(std::string_view account);

/// "linux/s390x" of a Node; empty: it does not say.
[[nodiscard]] std::string platform_of_node(std::string_view text);

/// Whether a DeploymentList has a replica that is ready; nothing: it has no
/// Deployment at all.
[[nodiscard]] std::optional<bool> any_ready(std::string_view deployments);

/// The text of the configuration in the first ConfigMap of a list that has one;
/// empty: none has.
[[nodiscard]] std::string config_text(std::string_view config_maps);

}  // namespace icrps::diagnosis
