// What a process finds of one before it: the token in force, which is in the copies, by what the
// record says of it. So a restart, a fail-over or another configuration fetches and writes nothing.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "credentials/status_record.hpp"
#include "icr/docker_config.hpp"
#include "kube/client.hpp"

namespace icrps::credentials {

/// The login of a copy, if it is the one that the record speaks of: whoever may write the Secret
/// can't pass off another. Pure.
[[nodiscard]] std::optional<icr::Login> login_of_copy(const kube::Object& copy,
                                                      const std::string& credential,
                                                      const Status& recorded);

/// Where a copy is.
struct CopyPlace {
  std::string ns;
  std::string secret;
};

/// Looks into these copies, one after the other.
[[nodiscard]] std::optional<icr::Login> find_login(kube::Client& client,
                                                   const std::vector<CopyPlace>& places,
                                                   const std::string& credential,
                                                   const Status& recorded,
                                                   const std::stop_token& stop);

}  // namespace icrps::credentials
