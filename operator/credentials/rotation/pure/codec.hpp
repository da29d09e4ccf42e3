// The state as JSON text, as it stands under `state.json` of its Secret. Pure.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "credentials/rotation/pure/state.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::credentials::rotation {

/// 2: with the identity. 1 is read as well.
inline constexpr int kStateVersion = 2;

/// Whose state it must be.
struct Owner {
  std::string credential;
  std::string installation;
};

/// Why a text is not used. It is never overwritten either: there may be keys in it.
struct StateFault {
  enum class Kind {
    kNewer,    ///< written by a later version of this program
    kForeign,  ///< of another installation: a copy from another cluster or namespace
    kInvalid,  ///< edited by hand, most likely
  };
  Kind kind = Kind::kInvalid;
  std::string message;  ///< what is wrong and where; holds nothing of the text
};

/// The same state gives the same bytes.
[[nodiscard]] SecretString encode_state(const State& state);

/// Strict: unknown keys, wrong types, and parts that do not belong together are refused.
[[nodiscard]] tl::expected<State, StateFault> decode_state(const SecretString& text,
                                                           const Owner& owner);

/// The value of the key in force, for programs that only look: no more is checked than that.
[[nodiscard]] tl::expected<SecretString, StateFault> read_current_key(const SecretString& text);

}  // namespace icrps::credentials::rotation
