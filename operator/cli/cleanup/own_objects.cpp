#include "cli/cleanup/own_objects.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "controller/bodies.hpp"
#include "credentials/rotation/kube_state_store.hpp"
#include "credentials/rotation/pure/codec.hpp"
#include "credentials/status_record.hpp"
#include "icr/base64.hpp"
#include "plan/names.hpp"

namespace icrps::cli {
namespace {

using Kind = kube::ApiError::Kind;
namespace rotation = credentials::rotation;

constexpr unsigned kAttempts = 5;

bool has_label(const kube::Object& object, std::string_view key, std::string_view value) {
  const auto found = object.labels.find(std::string(key));
  return found != object.labels.end() && found->second == value;
}

/// By its labels, where the operator gives it some.
bool is_ours(const OwnObject& object, const kube::Object& found) {
  if (!object.state_of.empty()) return has_label(found, plan::kCredentialLabel, object.state_of);
  return object.kind != "ConfigMap" || has_label(found, plan::kManagedByLabel, plan::kManagedBy);
}

/// "iam-ServiceId-1" is what IAM calls it, "ServiceId-1" what its command line does.
std::string service_id_of(const config::Config& config, const std::string& credential) {
  constexpr std::string_view kPrefix = "iam-";
  for (const auto& one : config.credentials) {
    const auto* const source = std::get_if<config::ServiceIdSource>(&one.source);
    if (one.name != credential || source == nullptr) continue;
    return source->iam_id.starts_with(kPrefix) ? source->iam_id.substr(kPrefix.size())
                                               : source->iam_id;
  }
  return "SERVICE_ID";
}

std::vector<std::string> key_ids(const rotation::State& state) {
  std::vector<std::string> ids;
  if (state.current) ids.push_back(state.current->id);
  if (state.candidate && !state.candidate->id.empty()) ids.push_back(state.candidate->id);
  for (const auto& key : state.retiring) ids.push_back(key.id);
  return ids;
}

tl::expected<rotation::State, std::string> read_state(const kube::Object& secret,
                                                      const rotation::Owner& owner) {
  const auto entry = std::find_if(secret.data.begin(), secret.data.end(), [](const auto& data) {
    return data.first == rotation::kStateKey;
  });
  if (entry == secret.data.end()) return rotation::State{};
  auto bytes = icr::base64_decode(entry->second.reveal());
  if (!bytes) return tl::unexpected(std::string("it is not base64"));
  auto state = rotation::decode_state(SecretString(std::move(*bytes)), owner);
  if (!state) return tl::unexpected(state.error().message);
  return std::move(*state);
}

}  // namespace

std::vector<OwnObject> own_objects(const config::Config& config) {
  std::vector<OwnObject> objects{
      {"ConfigMap", std::string(credentials::kStatusConfigMap), "configmaps"},
      {"Lease", std::string(plan::kLease), "leases", "coordination.k8s.io/v1"}};
  const auto add_state = [&](const std::string& credential) {
    objects.push_back(
        {"Secret", rotation::state_secret_name(credential), "secrets", {}, credential});
  };
  for (const auto& credential : config.credentials) {
    if (std::holds_alternative<config::ServiceIdSource>(credential.source)) {
      add_state(credential.name);
    }
  }
  for (const auto& former : config.retired) {
    const auto known = std::any_of(objects.begin(), objects.end(), [&](const auto& object) {
      return object.state_of == former.credential;
    });
    if (!known) add_state(former.credential);
  }
  return objects;
}

kube::Path OwnCleaner::path(const OwnObject& object) const {
  return {object.resource, session_.own_namespace, object.name, {}, object.group};
}

void OwnCleaner::keep(const OwnObject& object, const std::string& why) {
  left_.push_back({session_.own_namespace, object.kind + " " + object.name, why});
}

void OwnCleaner::clean(const OwnObject& object) {
  for (unsigned attempt = 1;; ++attempt) {
    const auto found = persist(patience_, [&] { return session_.client.get(path(object)); });
    if (!found) {
      if (found.error().kind != Kind::kNotFound) keep(object, found.error().message);
      return;
    }
    if (!is_ours(object, *found)) {
      notes_.push_back(fmt::format("{} {} is not the operator's, by its labels; it stays",
                                   object.kind, object.name));
      return;
    }
    if (found->terminating) return keep(object, "it is being deleted, and waits for finalizers");
    if (attempt == 1) {
      note_keys(object, *found);
      removed_.push_back({session_.own_namespace, object.kind + " " + object.name, {}});
    }
    if (dry_run_) return;
    const auto reply = session_.client.remove(
        path(object), controller::delete_options(found->uid, found->resource_version));
    if (reply || reply.error().kind == Kind::kNotFound) continue;  // looks again
    if (!may_pass(reply.error()) || attempt >= kAttempts || patience_.over()) {
      removed_.pop_back();
      return keep(object, reply.error().message);
    }
    patience_.wait(attempt, reply.error().retry_after.value_or(std::chrono::milliseconds(0)));
  }
}

/// Deleting a state deletes no key.
void OwnCleaner::note_keys(const OwnObject& object, const kube::Object& found) {
  const auto& credential = object.state_of;
  if (credential.empty()) return;
  const auto installation = rotation::installation_of(uid_, credential);
  const auto state = read_state(found, {credential, installation});
  if (!state) {
    notes_.push_back(fmt::format(
        "credential {}: its state can't be read ({}). API keys of its service ID at IAM "
        "whose names begin with \"{}\" were made by the operator.",
        credential, state.error(), rotation::key_name(installation, credential, {})));
    return;
  }
  const auto ids = key_ids(*state);
  if (ids.empty()) return;
  auto text = fmt::format(
      "credential {}: these API keys of its service ID stay at IAM; when nothing uses them any "
      "more, remove them with",
      credential);
  for (const auto& id : ids) {
    text += fmt::format("\n    ibmcloud iam service-api-key-delete {} {}", id,
                        service_id_of(session_.config, credential));
  }
  notes_.push_back(std::move(text));
}

}  // namespace icrps::cli
