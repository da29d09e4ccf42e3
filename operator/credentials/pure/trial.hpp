// Whether a new login is handed out: from what the hosts say of it and, where it does not expire,
// of the one in force. Pure; docs/decisions/0013-host-proof-rules.md is the table.
//
// IAM has taken the login before: its no to a login ends the matter, and no host is asked.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "credentials/pure/answer.hpp"
#include "icr/regions.hpp"

namespace icrps::credentials {

/// What a new login is measured against.
enum class Against {
  kNothing,   ///< nothing is in force, or this very login is
  kExpiring,  ///< what is in force ends by itself: waiting takes it away from everybody
  kEnding,    ///< the same, and soon
  kLasting,   ///< what is in force works until somebody revokes it: waiting costs nothing
};

/// A login that is being asked about. A *place* is a host, or an image at a host.
struct Trial {
  struct Place {
    bool worked = false;               ///< the login in force was taken there when last asked
    std::optional<Answer> answer{};    ///< absent: not yet
    std::optional<Answer> in_force{};  ///< of the login in force, asked after a no to the new one
  };
  Against against = Against::kNothing;
  std::map<std::string, Place> places;
  /// No more time for places of which nothing is known. Those where the login in force works are
  /// waited for to the end.
  bool patience_over = false;
};

struct Verdict {
  enum class Kind {
    kWait,  ///< an answer that is still to come may change it
    kHandOut,
    kNo,
    kUnknown,  ///< nobody could tell
  };
  Kind kind = Kind::kWait;
  std::optional<iam::Refusal> why{};  ///< of kNo and kUnknown
  icr::Hosts compare{};               ///< places to be asked about the login in force, at kWait
};

[[nodiscard]] Verdict verdict_of(const Trial& trial);

}  // namespace icrps::credentials
