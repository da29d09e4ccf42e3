// Actions of a plan → request bodies. Pure.
//
// Guards: an update and a deletion carry uid and resourceVersion, so that they can only hit the
// object that the plan saw; a patch of a service account tests its resourceVersion, because the
// list is atomic and somebody else's entry must not be lost.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.hpp"

namespace icrps::controller {

[[nodiscard]] std::string copy_body(const plan::CreateCopy& create);
/// A merge patch: labels, annotations and fields of others stay.
[[nodiscard]] std::string copy_patch(const plan::UpdateCopy& update);
/// The same for a Secret that is adopted; `from` and `at` are written into it.
[[nodiscard]] std::string adopting_patch(const plan::UpdateCopy& update, const std::string& from,
                                         std::chrono::system_clock::time_point at);
/// Whose a Secret was, for people: "managed-by Helm, written by helm, kubectl". `writers`: the last
/// one first.
[[nodiscard]] std::string former_owner(const std::string& managed_by,
                                       const std::vector<std::string>& writers);
/// Who changed what only this program writes, for people: "kubectl-edit, argocd". `writers` as
/// above; this program is left out.
[[nodiscard]] std::string other_writers(std::vector<std::string> writers);
[[nodiscard]] std::string delete_options(std::string_view uid, std::string_view resource_version);
/// A JSON patch.
[[nodiscard]] std::string account_patch(const plan::PatchAccount& patch);

/// What an Event is about; the Event itself is written to the namespace `ns`.
struct Subject {
  std::string kind;  ///< "Namespace", "Secret", "Pod"
  std::string ns;
  std::string name;
  std::string uid;  ///< empty when the object does not exist
};

/// Of a pod: it hits the one of that uid, or nothing.
[[nodiscard]] std::string eviction_body(const Subject& pod);

/// The same subject, reason and message give the same name, so that a report that is sent twice,
/// or again after a restart, is one Event.
[[nodiscard]] std::string event_name(const Subject& subject, const plan::Problem& problem);
[[nodiscard]] std::string event_body(const Subject& subject, const plan::Problem& problem,
                                     std::chrono::system_clock::time_point now);
/// For an Event that is reported once more.
[[nodiscard]] std::string event_patch(unsigned count, std::chrono::system_clock::time_point now);

}  // namespace icrps::controller
