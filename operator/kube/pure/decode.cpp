#include "kube/pure/decode.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "kube/pure/managed_fields.hpp"

namespace icrps::kube {
namespace {

using nlohmann::json;

constexpr std::string_view kOurPrefix = "icr-pull-secrets/";
constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";
constexpr std::string_view kMirror = "kubernetes.io/config.mirror";

const Keep kNothingMore{};

/// Deeper input is not from an API server.
constexpr std::size_t kMaxDepth = 64;

/// Where in the document the parser stands.
enum class At {
  kEvent,        // {"type":…,"object":…}
  kList,         // {"metadata":…,"items":[…]}
  kListMeta,     //
  kItems,        //
  kObject,       // an item, an event's object, or the whole body
  kMeta,         //
  kAnnotations,  //
  kLabels,       //
  kData,         //
  kPullSecrets,  // imagePullSecrets
  kPullSecret,   //
  kDetails,      // Status.details
  kCauses,       //
  kCause,        //
  kOwners,       // metadata.ownerReferences of a Pod
  kOwner,        //
  kSpec,         // of a Pod
  kContainers,   // containers and initContainers
  kContainer,    //
  kPodStatus,    //
  kStatuses,     // containerStatuses and initContainerStatuses
  kStatus,       //
  kState,        //
  kWaiting,      //
  kIgnored,
};

/// child_of() within what only pods have.
At child_in_pod(At at, std::string_view key) {
  switch (at) {
    case At::kOwners:
      return At::kOwner;
    case At::kSpec:
      if (key == "imagePullSecrets") return At::kPullSecrets;
      return key == "containers" || key == "initContainers" ? At::kContainers : At::kIgnored;
    case At::kContainers:
      return At::kContainer;
    case At::kPodStatus:
      return key == "containerStatuses" || key == "initContainerStatuses" ? At::kStatuses
                                                                          : At::kIgnored;
    case At::kStatuses:
      return At::kStatus;
    case At::kStatus:
      return key == "state" ? At::kState : At::kIgnored;
    case At::kState:
      return key == "waiting" ? At::kWaiting : At::kIgnored;
    default:
      return At::kIgnored;
  }
}

/// Which container a key opens. Everything not listed is skipped with all that it holds.
At child_of(At at, std::string_view key) {
  switch (at) {
    case At::kEvent:
      return key == "object" ? At::kObject : At::kIgnored;
    case At::kList:
      if (key == "metadata") return At::kListMeta;
      return key == "items" ? At::kItems : At::kIgnored;
    case At::kItems:
      return At::kObject;
    case At::kObject:
      if (key == "metadata") return At::kMeta;
      if (key == "data") return At::kData;
      if (key == "imagePullSecrets") return At::kPullSecrets;
      if (key == "spec") return At::kSpec;
      if (key == "status") return At::kPodStatus;
      return key == "details" ? At::kDetails : At::kIgnored;
    case At::kMeta:
      if (key == "annotations") return At::kAnnotations;
      if (key == "ownerReferences") return At::kOwners;
      return key == "labels" ? At::kLabels : At::kIgnored;
    case At::kPullSecrets:
      return At::kPullSecret;
    case At::kDetails:
      return key == "causes" ? At::kCauses : At::kIgnored;
    case At::kCauses:
      return At::kCause;
    default:
      return child_in_pod(at, key);
  }
}

class Reader final : public nlohmann::json_sax<json> {
 public:
  explicit Reader(At root, const Keep& keep = kNothingMore,
                  const std::function<void(Object&&)>* on_item = nullptr)
      : root_(root), keep_(keep), on_item_(on_item) {}

  ListMeta list;
  std::string event_type;
  Object object;
  Status status;
  std::string error;

  /// The status, when the object was one.
  Status take_status() {
    status.from_api_server = says_status_ && says_v1_;
    return std::move(status);
  }

  bool null() override { return true; }
  bool boolean(bool value) override {
    if (at() == At::kObject && key_ == "immutable") object.immutable = value;
    if (at() == At::kOwner && key_ == "controller" && value) object.controlled = true;
    return true;
  }
  bool number_integer(number_integer_t value) override { return number(value); }
  bool number_unsigned(number_unsigned_t value) override {
    return number(static_cast<number_integer_t>(value));
  }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool string(string_t& value) override;
  bool key(string_t& value) override {
    if (at() != At::kIgnored) key_.swap(value);
    return true;
  }
  bool start_object(std::size_t /*size*/) override { return open(); }
  bool start_array(std::size_t /*size*/) override { return open(); }
  bool end_object() override;
  bool end_array() override {
    stack_.pop_back();
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*why*/) override {
    // The library's own text quotes the input, which may be a credential.
    error = "not valid JSON at byte " + std::to_string(position);
    return false;
  }

 private:
  [[nodiscard]] At at() const { return stack_.empty() ? At::kIgnored : stack_.back(); }
  bool open();
  bool number(number_integer_t value);
  void add_pull_secret();
  void name_pull_secret(string_t& value);
  void note_pull_secret(const std::string& name, std::size_t position);
  void become_unwieldy();
  void meta_string(string_t& value);
  void object_string(string_t& value);
  void annotation(string_t& value);
  void pod_string(string_t& value);
  void join_statuses();
  [[nodiscard]] bool is_kept_label() const;

  const At root_;
  const Keep& keep_;
  const std::function<void(Object&&)>* const on_item_;
  std::vector<At> stack_;
  std::string key_;  // the last key seen in a container that is read
  // Of the pod that is being read: why a container of that name waits.
  std::vector<std::pair<std::string, std::string>> statuses_;
  std::size_t pull_secrets_ = 0;  // so far, in this list
  std::size_t pull_secret_bytes_ = 0;
  bool says_status_ = false;
  bool says_v1_ = false;
};

bool Reader::open() {
  if (stack_.size() >= kMaxDepth) {
    error = "nested too deeply";
    return false;
  }
  // Also for an entry without a name: positions in a patch count it.
  if (at() == At::kPullSecrets) add_pull_secret();
  if (at() == At::kContainers) object.containers.emplace_back();
  if (at() == At::kStatuses) statuses_.emplace_back();
  stack_.push_back(stack_.empty() ? root_ : child_of(stack_.back(), key_));
  if (at() == At::kAnnotations) object.annotated = true;
  return true;
}

bool Reader::end_object() {
  const At closed = stack_.back();
  stack_.pop_back();
  if (closed == At::kObject && !statuses_.empty()) join_statuses();
  if (closed == At::kObject && on_item_ != nullptr) {
    (*on_item_)(std::move(object));
    object = Object{};
    pull_secrets_ = 0;
    pull_secret_bytes_ = 0;
  }
  return true;
}

bool Reader::number(number_integer_t value) {
  if (at() == At::kObject && key_ == "code") status.code = static_cast<int>(value);
  if (at() == At::kDetails && key_ == "retryAfterSeconds") {
    status.retry_after =
        std::chrono::seconds(std::clamp<number_integer_t>(value, 0, kLongestRetryAfter.count()));
  }
  return true;
}

bool Reader::string(string_t& value) {
  switch (at()) {
    case At::kEvent:
      if (key_ == "type") event_type.swap(value);
      break;
    case At::kListMeta:
      if (key_ == "resourceVersion") list.resource_version.swap(value);
      if (key_ == "continue") list.continue_token.swap(value);
      break;
    case At::kObject:
      object_string(value);
      break;
    case At::kMeta:
      meta_string(value);
      break;
    case At::kAnnotations:
      annotation(value);
      break;
    case At::kLabels:
      if (is_kept_label()) object.labels.emplace(key_, std::move(value));
      break;
    case At::kData:
      object.data.emplace_back(key_, SecretString(std::move(value)));
      break;
    case At::kPullSecret:
      if (key_ == "name") name_pull_secret(value);
      break;
    case At::kCause:
      if (key_ == "reason") status.causes.push_back(std::move(value));
      break;
    default:
      pod_string(value);
      break;
  }
  return true;
}

void Reader::annotation(string_t& value) {
  if (key_.starts_with(kOurPrefix)) object.annotations.emplace(key_, std::move(value));
  if (key_ == kMirror) object.mirror = true;
}

void Reader::pod_string(string_t& value) {
  switch (at()) {
    case At::kSpec:
      if (key_ == "serviceAccountName") object.service_account.swap(value);
      break;
    case At::kContainer:
      if (key_ == "name") object.containers.back().name.swap(value);
      if (key_ == "image") object.containers.back().image.swap(value);
      break;
    case At::kPodStatus:
      if (key_ == "phase") object.phase.swap(value);
      break;
    case At::kStatus:
      if (key_ == "name") statuses_.back().first.swap(value);
      break;
    case At::kWaiting:
      if (key_ == "reason") statuses_.back().second.swap(value);
      break;
    default:
      break;
  }
}

/// What the spec and the status say of one container stands in different places.
void Reader::join_statuses() {
  for (auto& [name, waiting] : statuses_) {
    for (auto& container : object.containers) {
      if (container.name == name) container.waiting.swap(waiting);
    }
  }
  statuses_.clear();
}

void Reader::add_pull_secret() {
  ++pull_secrets_;
  if (pull_secrets_ > kMostPullSecrets) become_unwieldy();
  if (!object.unwieldy) object.image_pull_secrets.emplace_back();
}

void Reader::name_pull_secret(string_t& value) {
  pull_secret_bytes_ += value.size();
  if (!object.unwieldy && pull_secret_bytes_ > kMostPullSecretBytes) {
    object.image_pull_secrets.pop_back();  // it has no name yet
    become_unwieldy();
  }
  if (object.unwieldy) return note_pull_secret(value, pull_secrets_ - 1);
  object.image_pull_secrets.back().swap(value);
}

/// One of an unwieldy list.
void Reader::note_pull_secret(const std::string& name, std::size_t position) {
  const auto& kept = keep_.pull_secrets;
  if (object.image_pull_secrets.size() >= kMostPullSecrets ||
      std::find(kept.begin(), kept.end(), name) == kept.end()) {
    return;
  }
  object.image_pull_secrets.push_back(name);
  object.pull_secret_positions.push_back(position);
}

/// What is known of the list by now is thinned out, and takes no memory any more.
void Reader::become_unwieldy() {
  if (std::exchange(object.unwieldy, true)) return;
  const auto all = std::exchange(object.image_pull_secrets, {});
  for (std::size_t i = 0; i < all.size(); ++i) note_pull_secret(all[i], i);
}

bool Reader::is_kept_label() const {
  if (key_.starts_with(kOurPrefix) || key_ == kManagedBy) return true;
  return std::find(keep_.labels.begin(), keep_.labels.end(), key_) != keep_.labels.end();
}

void Reader::meta_string(string_t& value) {
  if (key_ == "name") object.name.swap(value);
  if (key_ == "namespace") object.ns.swap(value);
  if (key_ == "uid") object.uid.swap(value);
  if (key_ == "resourceVersion") object.resource_version.swap(value);
  if (key_ == "continue") status.continue_token.swap(value);
  if (key_ == "deletionTimestamp") object.terminating = true;
}

void Reader::object_string(string_t& value) {
  if (key_ == "type") object.type.swap(value);
  if (key_ == "kind") says_status_ = value == "Status";
  if (key_ == "apiVersion") says_v1_ = value == "v1";
  if (key_ == "reason") status.reason.swap(value);
  if (key_ == "message") status.message.swap(value);
}

/// False: `reader.error` says why.
bool parse(std::string_view whole, Reader& reader) {
  std::string buffer;
  const auto text = without_managed_fields(whole, buffer);
  const bool parsed = json::sax_parse(text.begin(), text.end(), &reader);
  if (!parsed && reader.error.empty()) reader.error = "not valid JSON";
  return parsed;
}

std::optional<WatchEvent::Type> event_type(std::string_view text) {
  using Type = WatchEvent::Type;
  constexpr std::array kTypes{std::pair{std::string_view("ADDED"), Type::kAdded},
                              std::pair{std::string_view("MODIFIED"), Type::kModified},
                              std::pair{std::string_view("DELETED"), Type::kDeleted},
                              std::pair{std::string_view("BOOKMARK"), Type::kBookmark},
                              std::pair{std::string_view("ERROR"), Type::kError}};
  for (const auto& [name, type] : kTypes) {
    if (name == text) return type;
  }
  return std::nullopt;
}

}  // namespace

tl::expected<ListMeta, DecodeError> decode_list(std::string_view body,
                                                const std::function<void(Object&&)>& on_item,
                                                const Keep& keep) {
  Reader reader(At::kList, keep, &on_item);
  if (!parse(body, reader)) return tl::unexpected(DecodeError{reader.error});
  if (reader.list.resource_version.empty()) {
    return tl::unexpected(DecodeError{"a list without metadata.resourceVersion"});
  }
  return std::move(reader.list);
}

tl::expected<WatchEvent, DecodeError> decode_event(std::string_view line, const Keep& keep) {
  Reader reader(At::kEvent, keep);
  if (!parse(line, reader)) return tl::unexpected(DecodeError{reader.error});
  const auto type = event_type(reader.event_type);
  if (!type) return tl::unexpected(DecodeError{"a watch event of no known type"});
  if (*type != WatchEvent::Type::kError && reader.object.resource_version.empty()) {
    return tl::unexpected(DecodeError{"a watch event without metadata.resourceVersion"});
  }
  return WatchEvent{*type, std::move(reader.object), reader.take_status()};
}

tl::expected<Object, DecodeError> decode_object(std::string_view body, const Keep& keep) {
  Reader reader(At::kObject, keep);
  if (!parse(body, reader)) return tl::unexpected(DecodeError{reader.error});
  if (reader.object.name.empty()) return tl::unexpected(DecodeError{"an object without a name"});
  return std::move(reader.object);
}

Status decode_status(std::string_view body) {
  Reader reader(At::kObject);
  if (!parse(body, reader)) return {};
  return reader.take_status();
}

}  // namespace icrps::kube
