// What the command line says.
#pragma once

#include <string>
#include <vector>

namespace icrps::cli {

struct CommonOptions {
  std::string config_file;
  std::string kubeconfig_file;  ///< empty: KUBECONFIG, else the pod's service account
  std::string own_namespace;    ///< empty: from the kubeconfig's context or the pod
};

struct RunOptions : CommonOptions {
  std::string listen = "127.0.0.1:8080";
  std::string config_map;  ///< in the own namespace, where config_file comes from; or empty
};

struct VerifyOptions : CommonOptions {
  std::string credential;          ///< empty: all
  std::vector<std::string> hosts;  ///< empty: those that the credential is for
  std::string image;               ///< "us.icr.io/team/app:1": proved to be pullable; or empty
};

struct StatusOptions : CommonOptions {
  std::string output = "table";  ///< or "json"
};

struct RotateOptions : CommonOptions {
  std::string credential;
};

struct PlanOptions : CommonOptions {
  std::string output = "table";   ///< or "json"
  std::vector<std::string> only;  ///< namespaces; empty: all
  bool all = false;               ///< also those where nothing would change
  bool fail_on_change = false;
};

struct CleanupOptions : CommonOptions {
  std::vector<std::string> only;  ///< namespaces; empty: all, and the operator's own objects
  std::string stop_deployment;    ///< in the operator's namespace; empty: none
  std::string if_stopped;         ///< nothing is done while this Deployment is to run pods
  std::string helm_record;        ///< nothing is done unless Helm's record says uninstalling
  std::string timeout = "10m";    ///< as Kubernetes writes durations
  bool dry_run = false;
};

}  // namespace icrps::cli
