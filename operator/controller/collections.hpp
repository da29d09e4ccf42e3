// What is listed and watched.
#pragma once

#include <string>

#include "config/config.hpp"
#include "kube/watcher.hpp"

namespace icrps::controller {

/// Metadata only; of the labels those that `optIn` and the limits of credentials look at.
[[nodiscard]] kube::Collection namespaces_of(const config::Config& config);
[[nodiscard]] kube::Collection all_service_accounts(const config::Config& config);
/// What is kept of service accounts: also of a list that is unwieldy the references to copies.
[[nodiscard]] kube::Keep kept_of_accounts(const config::Config& config);
/// The Secrets of that name, in one namespace or, with an empty `ns`, in all.
[[nodiscard]] kube::Collection named_secret(const std::string& name, const std::string& ns);
[[nodiscard]] kube::Collection named_config_map(const std::string& name, const std::string& ns);

/// The pods of one namespace that have not begun to run; with a `name` only the one called so.
[[nodiscard]] kube::Collection pending_pods(const std::string& ns, const std::string& name = {});

}  // namespace icrps::controller
