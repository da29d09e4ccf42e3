// What people are told about the source of a credential. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "plan/wish.hpp"

namespace icrps::credentials {

/// How a message calls it: by its Secret, or by its kind where it needs none.
[[nodiscard]] std::string subject_of(const std::optional<std::string>& secret,
                                     const std::string& kind);

/// The Secret holds nothing that could be a credential; `what`: "has no key \"apikey\"".
[[nodiscard]] std::string unusable(const std::string& secret, const std::string& credential,
                                   const std::string& what);
/// IAM or hosts say no, or nobody can be asked.
[[nodiscard]] std::string not_good(const std::string& subject, const std::string& credential,
                                   const std::string& why);

/// What goes on as before while the source is not good.
struct InForce {
  bool anything = false;  ///< a login is handed out
  bool expires = false;
  std::optional<std::chrono::system_clock::time_point> ends_at;  ///< when it does, if that is known
  bool renewed = false;  ///< its successors are made of the last input that was proved
};
[[nodiscard]] std::string what_stays(const InForce& in_force);

/// The credential is a part of what stands in the Secret: a field of a file, or without the white
/// space around it.
[[nodiscard]] plan::Problem taken_note(const std::string& secret, const std::string& key,
                                       bool from_file);

}  // namespace icrps::credentials
