// Several kubeconfig files as one, as client-go merges them (tools/clientcmd, loader.go): the first
// file that has a name wins, whole entries are taken, nothing within them is mixed.
// Throws Failure, with the file it is about. Private to operator/config.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/kubeconfig/loose_map.hpp"
#include "config/yaml_tree.hpp"

namespace icrps::config {

struct KubeconfigTree {
  std::string file;
  YamlValue value;
};

/// A Failure together with the file that it is about.
struct FileFailure {
  std::string file;
  int line;
  std::string message;
};

/// The part called "cluster", "context" or "user" of an entry, and the file that it stands in.
struct KubeconfigPart {
  LooseMap map;
  const std::string& file;
};

/// Calls `read`; what it throws is about `file`.
template <class Read>
auto about(const std::string& file, const Read& read) {
  try {
    return read();
  } catch (const Failure& failure) {
    throw FileFailure{file, failure.line, failure.message};
  }
}

/// A view: the trees outlive it. There is at least one.
class MergedKubeconfig {
 public:
  explicit MergedKubeconfig(const std::vector<KubeconfigTree>& trees);

  /// `chosen`, else the current-context of the first file that has one.
  [[nodiscard]] KubeconfigPart context(std::string_view chosen) const;
  /// `kind`: "cluster", "context" or "user".
  [[nodiscard]] KubeconfigPart named(const std::string& kind, const std::string& name) const;

 private:
  [[nodiscard]] std::string current_context() const;

  const std::vector<KubeconfigTree>& trees_;
};

}  // namespace icrps::config
