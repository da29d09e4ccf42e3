// Who says no: the API server itself, RBAC, or what stands behind one namespace. Pure.
//
// It decides who has to wait: everybody, or that namespace. The API server's texts are the only
// thing that tells; they are stable, and each is prefixed by the server, so that whoever runs a
// webhook can't pass for it. Sources: k8s.io/apiserver pkg/server/filters/maxinflight.go
// (tooManyRequests), pkg/admission/plugin/webhook/errors, pkg/admission/plugin/policy/validating,
// pkg/admission/errors, plugin/pkg/admission (quota),
// pkg/endpoints/handlers/responsewriters/errors.go (RBAC).
#pragma once

#include <cstdint>
#include <string>

#include "kube/pure/object.hpp"

namespace icrps::kube {

enum class Refuser : std::uint8_t {
  kUnknown,
  kServer,     ///< it has too much to do (priority and fairness), or is just starting
  kRights,     ///< RBAC
  kAdmission,  ///< a webhook, a policy or a quota: about this object, in this namespace
};

/// Admission always answers with a Status. Too much work is a line of text, from the API server or
/// from what stands before it, so that a 429 without a Status is everybody's.
[[nodiscard]] Refuser refuser_of(const Status& status);

/// The same for the same refusal, whatever else its text tells: a webhook may put the number of the
/// request into it. For instance `admission webhook "check.example.com"`.
[[nodiscard]] std::string cause_of(const Status& status);

}  // namespace icrps::kube
