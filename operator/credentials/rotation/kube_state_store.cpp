#include "credentials/rotation/kube_state_store.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "credentials/rotation/pure/state.hpp"
#include "icr/base64.hpp"
#include "plan/names.hpp"

namespace icrps::credentials::rotation {
namespace {

using nlohmann::json;
using FaultKind = StoreFault::Kind;

StoreFault fault_of(const kube::ApiError& error) {
  using Api = kube::ApiError::Kind;
  switch (error.kind) {
    case Api::kConflict:
    case Api::kAlreadyExists:
    case Api::kNotFound:  // on a save: it was there when it was loaded
      return {FaultKind::kConflict, error.message};
    case Api::kForbidden:
    case Api::kTerminating:
    case Api::kInvalid:
      return {FaultKind::kForbidden, error.message};
    case Api::kCanceled:
      return {FaultKind::kCanceled, error.message};
    case Api::kThrottled:
    case Api::kServer:
    case Api::kNoAnswer:
      break;
  }
  return {FaultKind::kUnavailable, error.message};
}

json data_of(const SecretString& text) {
  return {{kStateKey, icr::base64_encode(text.reveal())}};
}

std::string new_body(const std::string& name, const std::string& credential,
                     const SecretString& text) {
  const json body = {{"apiVersion", "v1"},
                     {"kind", "Secret"},
                     {"metadata",
                      {{"name", name},
                       {"labels",
                        {{"app.kubernetes.io/name", "icr-pull-secrets"},
                         {"app.kubernetes.io/component", "rotation-state"},
                         {"app.kubernetes.io/part-of", "icr-pull-secrets"},
                         {std::string(plan::kCredentialLabel), credential}}}}},
                     {"type", "Opaque"},
                     {"data", data_of(text)}};
  return body.dump();
}

/// A merge patch: labels and annotations stay as they are.
std::string patch_body(const StateVersion& version, const SecretString& text) {
  const json body = {
      {"metadata", {{"uid", version.uid}, {"resourceVersion", version.resource_version}}},
      {"data", data_of(text)}};
  return body.dump();
}

/// Bytes that are not base64 come from no API server; as a state they are refused later.
std::optional<SecretString> text_of(const kube::Object& object) {
  const auto found = std::find_if(object.data.begin(), object.data.end(),
                                  [](const auto& entry) { return entry.first == kStateKey; });
  if (found == object.data.end()) return std::nullopt;
  auto bytes = icr::base64_decode(found->second.reveal());
  return SecretString(bytes ? std::move(*bytes) : std::string("?"));
}

}  // namespace

KubeStateStore::KubeStateStore(kube::Client& client, std::string ns, std::string credential)
    : client_(client),
      ns_(std::move(ns)),
      credential_(std::move(credential)),
      secret_(state_secret_name(credential_)) {}

StateStore::Result<std::optional<StoredState>> KubeStateStore::load(const std::stop_token& stop) {
  auto object = client_.get({"secrets", ns_, secret_}, stop);
  if (!object) {
    if (object.error().kind == kube::ApiError::Kind::kNotFound) return std::nullopt;
    return tl::unexpected(fault_of(object.error()));
  }
  StoredState stored{{object->uid, object->resource_version}, text_of(*object), std::nullopt};
  const auto request = object->annotations.find(kRotateRequested);
  if (request != object->annotations.end()) stored.rotate_requested = request->second;
  return stored;
}

StateStore::Result<StateVersion> KubeStateStore::save(const SecretString& text,
                                                      const std::optional<StateVersion>& previous,
                                                      const std::stop_token& stop) {
  const auto reply =
      previous ? client_.patch({"secrets", ns_, secret_}, kube::Client::PatchType::kMerge,
                               patch_body(*previous, text), stop)
               : client_.create({"secrets", ns_, {}}, new_body(secret_, credential_, text), stop);
  if (!reply) return tl::unexpected(fault_of(reply.error()));
  return StateVersion{reply->uid, reply->resource_version};
}

}  // namespace icrps::credentials::rotation
