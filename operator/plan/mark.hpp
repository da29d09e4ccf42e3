// Whose a copy is, beyond its label: its mark names the installation that made it, and the
// namespace that it was made for. Pure.
//
// A place is written "NAME/UID", of a namespace. A name is unique in a cluster: a mark with the
// same name and another UID is of a namespace that was deleted and made again, or restored from a
// backup, and counts as this one's. What differs by name is somebody else's
// (docs/decisions/0018-marks.md).
#pragma once

#include <string>
#include <string_view>

namespace icrps::plan {

/// A namespace. `uid` is empty when it is not known.
struct Place {
  std::string name;
  std::string uid;
};

/// The two annotations, as they stand on a copy.
struct Mark {
  std::string installation;
  std::string made_for;
  friend bool operator==(const Mark&, const Mark&) = default;
};

/// `installation`: the operator's own namespace.
[[nodiscard]] Mark mark_of(const Place& installation, const Place& made_for);

/// The name in "NAME/UID".
[[nodiscard]] std::string_view name_in(std::string_view place);

/// Whether the text is of the namespace with this name. One that says nothing may be of any: copies
/// from before there were marks.
[[nodiscard]] bool may_mean(std::string_view place, std::string_view name);

/// Short, to remember and compare a mark by; empty for none.
[[nodiscard]] std::string digest_of(const Mark& mark);

/// What an adopted Secret of another installation is said to have been, in its annotation.
[[nodiscard]] std::string installation_in(std::string_view ns);

}  // namespace icrps::plan
