// What was read from the cluster → the report of `status`. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "credentials/status_record.hpp"
#include "plan/plan.hpp"

namespace icrps::cli {

/// What was read.
struct Inventory {
  std::string own_namespace;  ///< the operator's
  std::vector<plan::NamespaceFacts> namespaces;
  std::map<std::string, credentials::Status> statuses;  ///< by credential
  /// By credential, then by namespace: the Secrets called like its copies.
  std::map<std::string, std::map<std::string, plan::CopyFacts>> copies;
};

struct Behind {
  std::string ns;
  std::string reason;
};

struct CredentialReport {
  std::string name;
  credentials::Status status;
  std::size_t wanted = 0;      ///< namespaces that ask for it and may have it
  std::size_t current = 0;     ///< of these, those that have its revision
  std::vector<Behind> behind;  ///< the others, and those that ask and may not have it
  [[nodiscard]] bool good() const;
};

[[nodiscard]] std::vector<CredentialReport> make_report(const config::Config& config,
                                                        const Inventory& inventory);

using WallTime = std::chrono::system_clock::time_point;
[[nodiscard]] std::string report_table(const std::vector<CredentialReport>& report, WallTime now);
[[nodiscard]] std::string report_json(const std::vector<CredentialReport>& report);

}  // namespace icrps::cli
