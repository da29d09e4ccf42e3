// What the command line says.
#pragma once

#include <string>

namespace icrps::cli {

struct CommonOptions {
  std::string config_file;
  std::string kubeconfig_file;  ///< empty: KUBECONFIG, else the pod's service account
  std::string own_namespace;    ///< empty: from the kubeconfig's context or the pod
};

struct RunOptions : CommonOptions {
  std::string listen = "127.0.0.1:8080";
};

}  // namespace icrps::cli
