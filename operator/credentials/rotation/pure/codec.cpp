#include "credentials/rotation/pure/codec.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "icr/docker_config.hpp"
#include "icr/text.hpp"
#include "plan/content.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::credentials::rotation {
namespace {

using nlohmann::json;
using Kind = StateFault::Kind;

constexpr std::size_t kLargestText = 256UL * 1024;
constexpr std::size_t kLongestId = 128;
constexpr std::size_t kMostRetiring = 32;
constexpr std::size_t kDeepest = 4;

/// Reads a document and remembers the first thing that was wrong with it.
class Reader {
 public:
  explicit Reader(const Owner& owner) : owner_(owner) {}

  State read(const json& document);
  [[nodiscard]] const std::optional<StateFault>& fault() const { return fault_; }

 private:
  void head(const json& document, State& state);
  Identity identity(const json& part);
  CurrentKey current(const json& part);
  Candidate candidate(const json& part);
  RetiringKey retiring(const json& part);
  std::vector<std::string> given_up(const json& list);
  void belong_together(const State& state);

  void refuse(Kind kind, std::string message) {
    if (!fault_) fault_ = StateFault{kind, std::move(message)};
  }
  void refuse(std::string message) { refuse(Kind::kInvalid, std::move(message)); }

  /// An object with these keys and no others. `where_` is for the messages.
  bool object(const json& part, std::string where, std::initializer_list<std::string_view> keys);
  /// Empty when it is absent, which is a fault unless `optional`.
  std::string text(const json& part, const char* key, bool optional = false);
  std::string id(const json& part, bool optional = false);
  std::string name(const json& part);
  SecretString value(const json& part, bool optional = false);
  std::optional<Time> time(const json& part, const char* key);
  Time needed_time(const json& part, const char* key);

  const Owner& owner_;
  std::string where_;
  std::string phase_;
  std::optional<StateFault> fault_;
};

bool Reader::object(const json& part, std::string where,
                    std::initializer_list<std::string_view> keys) {
  where_ = std::move(where);
  if (!part.is_object()) {
    refuse(fmt::format("{} is not a JSON object", where_));
    return false;
  }
  for (const auto& item : part.items()) {
    if (std::find(keys.begin(), keys.end(), item.key()) != keys.end()) continue;
    refuse(fmt::format("{} has an unknown key; known: {}", where_, fmt::join(keys, ", ")));
    return false;
  }
  return true;
}

std::string Reader::text(const json& part, const char* key, bool optional) {
  const auto found = part.find(key);
  if (found == part.end()) {
    if (!optional) refuse(fmt::format("{} has no \"{}\"", where_, key));
    return {};
  }
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
    refuse(fmt::format("\"{}\" of {} is not a text", key, where_));
    return {};
  }
  return found->get<std::string>();
}

std::string Reader::id(const json& part, bool optional) {
  auto id = text(part, "id", optional);
  const auto plain = [](char c) {
    return icr::is_digit(c) || icr::is_lower(c) || icr::is_upper(c) || c == '-' || c == '_';
  };
  // It becomes part of a request's path.
  if (id.size() > kLongestId || !std::all_of(id.begin(), id.end(), plain)) {
    refuse(fmt::format("\"id\" of {} is not the id of an API key", where_));
  }
  return id;
}

std::string Reader::name(const json& part) {
  auto name = text(part, "name");
  if (!is_ours(name, owner_.installation)) {
    refuse(fmt::format("\"name\" of {} is not the name of a key of this installation", where_));
  }
  return name;
}

SecretString Reader::value(const json& part, bool optional) {
  SecretString raw(text(part, "value", optional));
  if (raw.empty()) return {};
  auto key = icr::parse_api_key(raw.reveal());
  if (!key || key->trimmed) {
    refuse(fmt::format("\"value\" of {} is not an API key", where_));
    return {};
  }
  return std::move(key->value);
}

std::optional<Time> Reader::time(const json& part, const char* key) {
  const auto written = text(part, key, true);
  if (written.empty()) return std::nullopt;
  const auto time = parse_rfc3339(written);
  if (!time) {
    refuse(fmt::format("\"{}\" of {} is not a time (RFC 3339)", key, where_));
    return std::nullopt;
  }
  return std::chrono::floor<std::chrono::seconds>(*time);
}

Time Reader::needed_time(const json& part, const char* key) {
  text(part, key);
  return time(part, key).value_or(Time());
}

Identity Reader::identity(const json& part) {
  if (!object(part, "\"identity\"", {"iamId", "accountId"})) return {};
  return {text(part, "iamId"), text(part, "accountId")};
}

CurrentKey Reader::current(const json& part) {
  if (!object(part, "\"current\"", {"id", "name", "value", "revision", "createdAt", "left"})) {
    return {};
  }
  CurrentKey key{id(part), name(part), value(part), text(part, "revision"),
                 needed_time(part, "createdAt")};
  if (const auto left = part.find("left"); left != part.end()) {
    if (!left->is_boolean()) refuse("\"left\" of \"current\" is neither true nor false");
    key.left = *left == true;
  }
  const auto revision =
      plan::revision_of(owner_.credential, icr::Login{icr::kApiKeyUser, key.value});
  if (key.revision != revision) {
    refuse("\"value\" and \"revision\" of \"current\" do not belong together");
  }
  return key;
}

Candidate Reader::candidate(const json& part) {
  if (!object(part, "\"candidate\"", {"rotation", "name", "since", "id", "value"})) return {};
  Candidate candidate{text(part, "rotation"), name(part), needed_time(part, "since"),
                      id(part, true), value(part, true)};
  if (candidate.id.empty() != candidate.value.empty()) {
    refuse("\"candidate\" has one of \"id\" and \"value\" without the other");
  }
  if (!candidate.name.ends_with(" " + candidate.rotation)) {
    refuse("\"name\" and \"rotation\" of \"candidate\" do not belong together");
  }
  return candidate;
}

RetiringKey Reader::retiring(const json& part) {
  if (!object(part, "an entry of \"retiring\"", {"id", "name", "retireAt", "disabledAt"})) {
    return {};
  }
  return {id(part), name(part), time(part, "retireAt"), time(part, "disabledAt")};
}

std::vector<std::string> Reader::given_up(const json& list) {
  std::vector<std::string> names;
  if (!list.is_array() || list.size() > kMostGivenUp) {
    refuse("\"givenUp\" is not a list of a few names");
    return names;
  }
  where_ = "\"givenUp\"";
  for (const auto& part : list) names.push_back(name({{"name", part}}));
  return names;
}

void Reader::belong_together(const State& state) {
  std::set<std::string> ids;
  std::size_t count = 0;
  const auto add = [&](const std::string& id) {
    ids.insert(id);
    ++count;
  };
  if (state.current) add(state.current->id);
  if (state.candidate && !state.candidate->id.empty()) add(state.candidate->id);
  for (const auto& key : state.retiring) add(key.id);
  if (ids.size() != count) refuse("one key is there twice");
}

void Reader::head(const json& document, State& state) {
  const auto version = document.find("version");
  if (version == document.end() || !version->is_number_integer()) {
    refuse("it has no \"version\"");
  } else if (*version > kStateVersion) {
    refuse(Kind::kNewer,
           fmt::format("it was written by a newer version of icr-pull-secrets (format {}, this "
                       "one reads {})",
                       version->dump(), kStateVersion));
  } else if (*version < 1) {
    refuse("its \"version\" is none that was ever written");
  }
  if (fault_ || !object(document, "the document",
                        {"version", "installation", "identity", "phase", "nextRotationAt",
                         "handledRequest", "current", "candidate", "retiring", "givenUp"})) {
    return;
  }
  phase_ = text(document, "phase");
  state.installation = text(document, "installation");
  if (!fault_ && state.installation != owner_.installation) {
    refuse(Kind::kForeign,
           "it belongs to another installation: another cluster, namespace or "
           "credential");
  }
  time(document, "nextRotationAt");  // of version 1, and not needed any more
  state.handled_request = time(document, "handledRequest");
}

State Reader::read(const json& document) {
  State state;
  if (!document.is_object()) {
    refuse("it is not a JSON object");
    return state;
  }
  head(document, state);
  if (fault_) return state;
  if (document.contains("identity")) state.identity = identity(document["identity"]);
  if (document.contains("current")) state.current = current(document["current"]);
  if (document.contains("candidate")) state.candidate = candidate(document["candidate"]);
  const auto list = document.find("retiring");
  if (list != document.end()) {
    if (!list->is_array() || list->size() > kMostRetiring) {
      refuse("\"retiring\" is not a list of keys");
      return state;
    }
    for (const auto& part : *list) state.retiring.push_back(retiring(part));
  }
  if (document.contains("givenUp")) state.given_up = given_up(document["givenUp"]);
  belong_together(state);
  if (phase_ != to_string(phase_of(state))) {
    refuse("\"phase\" says something else than the keys; it is for reading only");
  }
  return state;
}

/// Refuses what would be lost in a tree: a key that is there twice.
class Strict {
 public:
  bool operator()(int depth, json::parse_event_t event, json& value) {
    const auto level = static_cast<std::size_t>(depth);
    if (level > kDeepest) good_ = false;
    if (event == json::parse_event_t::object_start) {
      keys_.resize(level);
      keys_.emplace_back();
    }
    if (event == json::parse_event_t::key &&
        !keys_.at(level - 1).insert(value.get<std::string>()).second) {
      good_ = false;
    }
    if (event == json::parse_event_t::object_end) keys_.resize(level);
    return true;
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::vector<std::set<std::string>> keys_;  // one set per level; that of an array stays empty
  bool good_ = true;
};

json to_json(const CurrentKey& key) {
  json part = {{"id", key.id},
               {"name", key.name},
               {"value", key.value.reveal()},
               {"revision", key.revision},
               {"createdAt", rfc3339(key.created_at)}};
  if (key.left) part["left"] = true;
  return part;
}

json to_json(const Candidate& candidate) {
  json part = {{"rotation", candidate.rotation},
               {"name", candidate.name},
               {"since", rfc3339(candidate.since)}};
  if (!candidate.id.empty()) {
    part["id"] = candidate.id;
    part["value"] = candidate.value.reveal();
  }
  return part;
}

json to_json(const RetiringKey& key) {
  json part = {{"id", key.id}, {"name", key.name}};
  if (key.retire_at) part["retireAt"] = rfc3339(*key.retire_at);
  if (key.disabled_at) part["disabledAt"] = rfc3339(*key.disabled_at);
  return part;
}

}  // namespace

SecretString encode_state(const State& state) {
  json document = {{"version", kStateVersion},
                   {"installation", state.installation},
                   {"phase", to_string(phase_of(state))}};
  if (state.identity) {
    document["identity"] = {{"iamId", state.identity->iam_id},
                            {"accountId", state.identity->account_id}};
  }
  if (!state.given_up.empty()) document["givenUp"] = state.given_up;
  if (state.handled_request) document["handledRequest"] = rfc3339(*state.handled_request);
  if (state.current) document["current"] = to_json(*state.current);
  if (state.candidate) document["candidate"] = to_json(*state.candidate);
  for (const auto& key : state.retiring) document["retiring"].push_back(to_json(key));
  return SecretString(document.dump(-1, ' ', false, json::error_handler_t::replace));
}

tl::expected<State, StateFault> decode_state(const SecretString& text, const Owner& owner) {
  const auto& bytes = text.reveal();
  if (bytes.size() > kLargestText) {
    return tl::unexpected(StateFault{Kind::kInvalid, "it is larger than any state"});
  }
  Strict strict;
  const auto document = json::parse(bytes, std::ref(strict), false);
  if (document.is_discarded()) {
    return tl::unexpected(StateFault{Kind::kInvalid, "it is not valid JSON"});
  }
  if (!strict.good()) {
    return tl::unexpected(
        StateFault{Kind::kInvalid, "a key is there twice, or it is nested too deeply"});
  }
  Reader reader(owner);
  auto state = reader.read(document);
  if (reader.fault()) return tl::unexpected(*reader.fault());
  return state;
}

tl::expected<SecretString, StateFault> read_current_key(const SecretString& text) {
  const auto document = json::parse(text.reveal(), nullptr, false);
  const auto none = [](const char* what) {
    return tl::unexpected(StateFault{Kind::kInvalid, what});
  };
  if (!document.is_object()) return none("it is not valid JSON");
  const auto version = document.value("version", json());
  if (!version.is_number_integer() || version < 1 || version > kStateVersion) {
    return none("it has another version");
  }
  const auto current = document.value("current", json::object());
  const auto value = current.is_object() ? current.value("value", json()) : json();
  if (!value.is_string()) return none("there is no key in force yet");
  return SecretString(value.get<std::string>());
}

}  // namespace icrps::credentials::rotation
