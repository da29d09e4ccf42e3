// What became of an action, and what the queue must do with its namespace afterwards. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kube/pure/refusal.hpp"
#include "plan/wish.hpp"

namespace icrps::controller {

/// Whether an action is refused wherever it is tried (RefusalGate).
enum class Everywhere : std::uint8_t {
  kNo,
  kBegins,  ///< from now on: this is told once
  kYes,     ///< it was not even tried here, or once more without success
  kEnds,    ///< it succeeded here
};

struct Outcome {
  enum class Kind {
    kDone,       ///< written; go on with the next action
    kAgain,      ///< the facts were stale and have been read anew: plan again soon
    kRetry,      ///< try again with backoff
    kThrottled,  ///< not before `after`: this namespace, or everybody, as `refuser` tells
    kForbidden,  ///< a person must mend it; try again, seldom
    kPaused,     ///< somebody undoes it each time (Feuds): this action not before `after`
    kGone,       ///< the namespace is going or gone: the watch will tell
  };
  Kind kind = Kind::kDone;
  std::string message{};  ///< the API server's words
  std::chrono::milliseconds after{0};
  std::optional<plan::Problem> note{};  ///< kDone: what a person is told about it
  kube::Refuser refuser = kube::Refuser::kUnknown;
  std::string cause{};  ///< kube::cause_of()
  std::string what{};   ///< the kind of write: "create secrets"
  Everywhere everywhere = Everywhere::kNo;
  bool answered = false;  ///< kRetry: somebody answered, with something that tells nothing
  /// kDone: labels and annotations that are not as they were written.
  std::vector<std::string> rewritten{};
};

}  // namespace icrps::controller
