// The program that a kubeconfig names for its credentials (users[].user.exec), as plain data.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace icrps::config {

/// Whether the program may talk to the person at the terminal.
enum class PluginInput {
  kNever,
  kIfAvailable,  ///< when standard input is a terminal
  kAlways,       ///< it can't work without one
};

struct ExecPlugin {
  std::string where;        ///< "FILE:LINE: users[0].user.exec", for messages
  std::string api_version;  ///< "client.authentication.k8s.io/v1" or …/v1beta1
  /// An absolute path, or a name that is looked up in PATH. A relative path is resolved against
  /// the kubeconfig's folder.
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  ///< beside our own
  std::string install_hint;                                      ///< for people; or empty
  PluginInput input = PluginInput::kIfAvailable;
  bool wants_cluster = false;  ///< provideClusterInfo
};

}  // namespace icrps::config
