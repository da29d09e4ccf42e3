// What `provision`, `deprovision` and `policies` print. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provision/proof.hpp"
#include "provision/pure/access_table.hpp"
#include "provision/pure/next_step.hpp"

namespace icrps::cli {

/// What a run has found and done for one identity.
struct ProvisionReport {
  std::string account;
  provision::Wish wish;
  provision::Holdings held;        ///< at the end; for a dry run, as it is
  std::vector<std::string> lines;  ///< of the diff
  std::string stopped;             ///< why it did not come to its end; or empty
  std::vector<provision::Proof> proofs;
  bool dry_run = false;
  bool managed = false;  ///< another identity, a manager, makes the keys of this one
  /// The name and the id of the one whose keys this identity, a manager, makes; or empty.
  std::string manages_name{};
  std::string manages{};
};

/// What stands below the diff: what else it may do, the proofs, what to write
/// into the operator's configuration.
[[nodiscard]] std::string provision_text(const ProvisionReport& report);
[[nodiscard]] std::string provision_json(const std::vector<ProvisionReport>& reports);

[[nodiscard]] std::string access_text(const std::vector<provision::AccessRow>& rows);
[[nodiscard]] std::string access_json(const std::vector<provision::AccessRow>& rows);

}  // namespace icrps::cli
