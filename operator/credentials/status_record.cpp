#include "credentials/status_record.hpp"

#include <algorithm>
#include <utility>

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

std::vector<std::string> texts_at(const json& object, const char* key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return texts;
  for (const auto& text : *found) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

std::optional<WallTime> time_at(const json& object, const char* key) {
  return parse_rfc3339(text_at(object, key));
}

// Static credentials are proved about once an hour; whoever looks should see that they were.
constexpr auto kWorthAWrite = std::chrono::minutes(50);

/// More than a somewhat later time of proof.
bool worth_a_write(const std::optional<Status>& written, const Status& now) {
  auto before = written.value_or(Status{});
  if (before.proof_at && now.proof_at && *now.proof_at - *before.proof_at >= kWorthAWrite) {
    return true;
  }
  before.proof_at = now.proof_at;
  return before != now;
}

/// Whether the same write may succeed later although nothing changes.
bool may_pass_later(const kube::ApiError& error) {
  using ErrorKind = kube::ApiError::Kind;
  return error.kind == ErrorKind::kNoAnswer || error.kind == ErrorKind::kServer ||
         error.kind == ErrorKind::kThrottled || error.kind == ErrorKind::kCanceled ||
         error.kind == ErrorKind::kConflict;
}

}  // namespace

std::string before(const Status& recorded, const std::string& revision) {
  return recorded.revision == revision ? recorded.replaced_revision : recorded.revision;
}

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
  put(object, "replacedRevision", status.replaced_revision);
  put(object, "digest", status.digest);
  put(object, "madeFrom", status.made_from);
  put(object, "renewAt", status.renew_at);
  if (!status.secret_names.empty()) object["secretNames"] = status.secret_names;
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<Status> decode_status_line(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  return Status{text_at(object, "source"),
                text_at(object, "revision"),
                time_at(object, "since"),
                time_at(object, "expiresAt"),
                text_at(object, "proof"),
                time_at(object, "proofAt"),
                text_at(object, "message"),
                text_at(object, "provedRevision"),
                text_at(object, "replacedRevision"),
                text_at(object, "digest"),
                text_at(object, "madeFrom"),
                time_at(object, "renewAt"),
                texts_at(object, "secretNames")};
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

void StatusRecord::end_with(std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  stop_ = std::move(stop);
}

std::stop_token StatusRecord::stop() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

Status StatusRecord::get(const std::string& credential) {
  load();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(credential);
  return found == entries_.end() ? Status{} : found->second.now;
}

std::vector<std::string> StatusRecord::recorded() {
  load();
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [credential, entry] : entries_) {
    if (entry.written) names.push_back(credential);
  }
  return names;
}

void StatusRecord::erase(const std::string& credential) {
  const json data = {{"data", {{key_of(credential), nullptr}}}};
  const auto reply = client_.patch({kConfigMaps, own_namespace_, kStatusConfigMap},
                                   kube::Client::PatchType::kMerge, data.dump(), stop());
  if (!reply && reply.error().kind != kube::ApiError::Kind::kNotFound) complain(reply.error());
}

void StatusRecord::load() {
  {
    const std::lock_guard lock(mutex_);
    if (loaded_) return;
  }
  const auto reply = client_.get({kConfigMaps, own_namespace_, kStatusConfigMap}, stop());
  // Without an answer it is tried again; a ConfigMap that doesn't exist is an answer.
  if (!reply && reply.error().kind != kube::ApiError::Kind::kNotFound) return;
  const std::lock_guard lock(mutex_);
  loaded_ = true;
  if (!reply) return;
  // What was set meanwhile is newer.
  for (auto& [credential, status] : read_statuses(*reply)) {
    entries_.try_emplace(credential, Entry{status, status});
  }
}

std::vector<std::string> StatusRecord::called(const plan::CopyName& now,
                                              const std::set<std::string>& cared_for) {
  load();
  std::vector<std::string> left;
  {
    const std::lock_guard lock(mutex_);
    if (!loaded_) return {};  // what is there is not known, and so it is not overwritten
    auto& names = entries_[now.credential].now.secret_names;
    std::erase_if(names, [&](const auto& name) { return cared_for.contains(name); });
    left = names;
    names.push_back(now.secret);
  }
  write_changes(now.credential);
  return left;
}

void StatusRecord::set(const std::string& credential, Status status) {
  {
    const std::lock_guard lock(mutex_);
    auto& now = entries_[credential].now;
    status.secret_names = std::move(now.secret_names);
    now = std::move(status);
  }
  write_changes(credential);
}

void StatusRecord::write_changes(const std::string& credential) {
  {
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[credential];
    if (entry.being_written || !worth_a_write(entry.written, entry.now)) return;
    entry.being_written = true;
  }
  const bool taken = aside_(
      credential, [this, credential](const std::stop_token&) { write_until_done(credential); });
  if (taken) return;
  const std::lock_guard lock(mutex_);
  entries_[credential].being_written = false;
}

void StatusRecord::write_until_done(const std::string& credential) {
  std::unique_lock lock(mutex_);
  auto& entry = entries_[credential];  // stays where it is: nothing is ever erased
  while (worth_a_write(entry.written, entry.now)) {
    const auto now = entry.now;
    lock.unlock();
    const bool done = write(credential, now);
    lock.lock();
    if (!done) break;
    entry.written = now;
  }
  entry.being_written = false;
}

bool StatusRecord::write(const std::string& credential, const Status& status) {
  const auto reply = put(credential, status, stop());
  if (reply) return true;
  complain(reply.error());
  return !may_pass_later(reply.error());
}

kube::Reply StatusRecord::put(const std::string& credential, const Status& status,
                              const std::stop_token& stop) {
  using ErrorKind = kube::ApiError::Kind;
  const json data = {{"data", {{key_of(credential), encode_status(status)}}}};
  const auto patch = [&] {
    return client_.patch({kConfigMaps, own_namespace_, kStatusConfigMap},
                         kube::Client::PatchType::kMerge, data.dump(), stop);
  };
  auto reply = patch();
  if (reply || reply.error().kind != ErrorKind::kNotFound) return reply;
  json body = data;
  body["apiVersion"] = "v1";
  body["kind"] = "ConfigMap";
  body["metadata"] = {{"name", kStatusConfigMap},
                      {"labels", {{std::string(plan::kManagedByLabel), plan::kManagedBy}}}};
  reply = client_.create({kConfigMaps, own_namespace_, {}}, body.dump(), stop);
  // Another credential was first.
  if (!reply && reply.error().kind == ErrorKind::kAlreadyExists) return patch();
  return reply;
}

void StatusRecord::complain(const kube::ApiError& error) {
  if (error.kind == kube::ApiError::Kind::kCanceled) return;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(complained_, true)) return;
  }
  log_.warn(
      "the status can't be recorded; check the operator's role in its own namespace",
      {{"configmap", kStatusConfigMap}, {"namespace", own_namespace_}, {"error", error.message}});
}

}  // namespace icrps::credentials
