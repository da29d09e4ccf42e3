// What the command line of `provision`, `deprovision` and `policies` says, and
// what it means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cli/client/options.hpp"
#include "cli/options.hpp"
#include "iam/pure/identities.hpp"
#include "iam/registry_probe.hpp"
#include "provision/pure/place.hpp"
#include "provision/source_secret.hpp"

namespace icrps::cli {

struct ProvisionOptions : KeyOptions, ClusterOptions {
  std::string name;
  std::vector<std::string> allow;
  std::string role = "reader";
  std::string secret;  ///< "NS/NAME", or with `ns` "NAME"; or empty
  std::string ns;
  bool manager = false;
  bool trusted_profile = false;
  std::string cluster;                                                ///< CRN; or empty
  std::string cluster_type = "iks";                                   ///< or "roks"
  std::string service_account = "icr-pull-secrets/icr-pull-secrets";  ///< of the operator
  std::vector<std::string> images;
  bool prune = false;
  bool force = false;
  bool dry_run = false;
};

/// The same, understood.
struct ProvisionRequest {
  std::string name;
  std::vector<provision::Place> places;  ///< sorted, each once
  std::string role;                      ///< "Reader"
  std::optional<provision::SecretName> secret;
  std::optional<iam::ProfileLink> link;
  bool manager = false;
  std::vector<iam::ImageReference> images;
};

/// An error is a sentence that names the option and what is accepted. Pure.
[[nodiscard]] tl::expected<ProvisionRequest, std::string> read_request(
    const ProvisionOptions& options, const icr::RegionTable& regions);

}  // namespace icrps::cli
