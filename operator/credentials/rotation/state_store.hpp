// Where the state of a rotation is kept.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include <tl/expected.hpp>

#include "runtime/secret_string.hpp"

namespace icrps::credentials::rotation {

/// The object that a text was read from or written to.
struct StateVersion {
  std::string uid;
  std::string resource_version;
};

struct StoredState {
  StateVersion version;
  std::optional<SecretString> text;             ///< nothing: the object exists and holds no state
  std::optional<std::string> rotate_requested;  ///< the annotation as it stands there
};

struct StoreFault {
  enum class Kind {
    kConflict,     ///< somebody else wrote it: load it, decide again
    kForbidden,    ///< a person must mend the permissions
    kUnavailable,  ///< try again later; a save may have happened
    kCanceled,
  };
  Kind kind = Kind::kUnavailable;
  std::string message;  ///< for people; holds nothing of the state
};

class StateStore {
 public:
  template <typename T>
  using Result = tl::expected<T, StoreFault>;

  virtual ~StateStore() = default;

  /// Nothing: there is no such object.
  virtual Result<std::optional<StoredState>> load(const std::stop_token& stop) = 0;
  /// Over what was loaded or saved as `previous`, and over nothing else; without it the object is
  /// created.
  virtual Result<StateVersion> save(const SecretString& text,
                                    const std::optional<StateVersion>& previous,
                                    const std::stop_token& stop) = 0;
};

}  // namespace icrps::credentials::rotation
