// The second lock of a clean-up that nobody watches: it proves that somebody uninstalls the
// operator, or nothing is removed (docs/decisions/0014-uninstall.md).
#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "cli/cleanup/cleanup.hpp"
#include "cli/cleanup/patience.hpp"
#include "cli/session.hpp"

namespace icrps::cli {

/// Where Helm keeps what it knows of a release.
struct HelmRecord {
  std::string ns;
  std::string stem;  ///< "sh.helm.release.v1.icr-pull-secrets.v"
  unsigned revision = 0;

  [[nodiscard]] std::string name(unsigned later = 0) const;
};
/// From "ops/sh.helm.release.v1.icr-pull-secrets.v3".
[[nodiscard]] std::optional<HelmRecord> parse_helm_record(const std::string& text);

/// A rollback makes a new record, but no new Job, so that the record in force may be later than the
/// one that the Job was made for. The chart's Role lists as many.
inline constexpr unsigned kRecordsToTry = 20;

/// Why nothing may be removed, a sentence for a person; nothing: both locks are open, or none is
/// asked for. The error: it can't be told. Writes nothing, and reads no data of any Secret.
using Refusal = std::optional<std::string>;
[[nodiscard]] tl::expected<Refusal, std::string> locked(Session& session,
                                                        const CleanupOptions& options,
                                                        const Patience& patience);

}  // namespace icrps::cli
