#include "credentials/status_record.hpp"

#include <nlohmann/json.hpp>

#include "plan/names.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::credentials {
namespace {

using nlohmann::json;

constexpr std::string_view kConfigMaps = "configmaps";
constexpr std::string_view kSuffix = ".json";

std::string key_of(const std::string& credential) {
  return credential + std::string(kSuffix);
}

void put(json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

void put(json& object, const char* key, const std::optional<WallTime>& time) {
  if (time) object[key] = rfc3339(*time);
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<WallTime> time_at(const json& object, const char* key) {
  return parse_rfc3339(text_at(object, key));
}

// Static credentials are proved about once an hour; whoever looks should see that they were.
constexpr auto kWorthAWrite = std::chrono::minutes(50);

/// Nothing new but a somewhat later time of proof.
bool not_worth_a_write(Status before, const Status& now) {
  if (before.proof_at && now.proof_at && *now.proof_at - *before.proof_at >= kWorthAWrite) {
    return false;
  }
  before.proof_at = now.proof_at;
  return before == now;
}

}  // namespace

std::string encode_status(const Status& status) {
  json object = json::object();
  put(object, "source", status.source);
  put(object, "revision", status.revision);
  put(object, "since", status.since);
  put(object, "expiresAt", status.expires_at);
  put(object, "proof", status.proof);
  put(object, "proofAt", status.proof_at);
  put(object, "message", status.message);
  put(object, "provedRevision", status.proved_revision);
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<Status> decode_status_line(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  return Status{text_at(object, "source"),  text_at(object, "revision"),
                time_at(object, "since"),   time_at(object, "expiresAt"),
                text_at(object, "proof"),   time_at(object, "proofAt"),
                text_at(object, "message"), text_at(object, "provedRevision")};
}

std::map<std::string, Status> read_statuses(const kube::Object& config_map) {
  std::map<std::string, Status> statuses;
  for (const auto& [key, text] : config_map.data) {
    if (!key.ends_with(kSuffix)) continue;
    if (auto status = decode_status_line(text.reveal())) {
      statuses[key.substr(0, key.size() - kSuffix.size())] = std::move(*status);
    }
  }
  return statuses;
}

Status StatusRecord::get(const std::string& credential) {
  const std::lock_guard lock(mutex_);
  if (!loaded_) load();
  const auto found = statuses_.find(credential);
  return found == statuses_.end() ? Status{} : found->second;
}

void StatusRecord::load() {
  const auto reply = client_.get({kConfigMaps, own_namespace_, kStatusConfigMap});
  if (reply) statuses_ = read_statuses(*reply);
  // Without an answer it is tried again; a ConfigMap that doesn't exist is an answer.
  loaded_ = reply || reply.error().kind == kube::ApiError::Kind::kNotFound;
}

void StatusRecord::set(const std::string& credential, Status status) {
  const std::lock_guard lock(mutex_);
  auto& current = statuses_[credential];
  if (not_worth_a_write(current, status)) return;
  current = std::move(status);
  write(credential, current);
}

void StatusRecord::write(const std::string& credential, const Status& status) {
  const json data = {{"data", {{key_of(credential), encode_status(status)}}}};
  auto reply = client_.patch({kConfigMaps, own_namespace_, kStatusConfigMap},
                             kube::Client::PatchType::kMerge, data.dump());
  if (!reply && reply.error().kind == kube::ApiError::Kind::kNotFound) {
    json body = data;
    body["apiVersion"] = "v1";
    body["kind"] = "ConfigMap";
    body["metadata"] = {{"name", kStatusConfigMap},
                        {"labels", {{std::string(plan::kManagedByLabel), plan::kManagedBy}}}};
    reply = client_.create({kConfigMaps, own_namespace_, {}}, body.dump());
  }
  if (reply || complained_) return;
  complained_ = true;
  log_.warn("the status can't be recorded; check the operator's role in its own namespace",
            {{"configmap", kStatusConfigMap},
             {"namespace", own_namespace_},
             {"error", reply.error().message}});
}

}  // namespace icrps::credentials
