#include "config/sources.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "config/duration.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

constexpr std::size_t kLongestSecretKey = 253;
constexpr std::size_t kLongestId = 253;
constexpr std::size_t kLongestUserName = 255;

// A rotation makes and deletes keys at IBM. More than one a minute could not be proved and rolled
// out before the next begins; a key that is never changed is what `apiKey` is for.
constexpr std::chrono::seconds kShortestRotation = std::chrono::minutes(1);
constexpr std::chrono::seconds kLongestRotation = std::chrono::hours(8760);
// The old key stays good for those who are pulling right now; shorter than the interval, or keys
// would pile up.
constexpr std::chrono::seconds kShortestOverlap = std::chrono::seconds(1);

constexpr std::string_view kSecretRef = "{name: …, key: …}";
constexpr std::string_view kProfileRule = "the id of a trusted profile: Profile-…";

bool is_id_character(char c) {
  return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) || c == '-';
}

/// `prefix` and then letters, digits and hyphens. The message doesn't repeat what it found.
std::string id_of(const Located& at, std::string_view prefix, std::string_view accepted) {
  const std::string& text = text_of(at, accepted);
  if (!text.starts_with(prefix) || text.size() == prefix.size() || text.size() > kLongestId ||
      !std::all_of(text.begin(), text.end(), is_id_character)) {
    at.fail("is not such an id", accepted);
  }
  return text;
}

/// The messages don't repeat what they found: sometimes it is the API key itself.
SecretKeyRef read_secret_ref(const Located& at) {
  const Fields fields(at, {"name", "key"});
  constexpr std::string_view kName = "the name of a Secret in the operator's namespace";
  constexpr std::string_view kKey =
      "the name of a key in that Secret: letters, digits, -, _ and ., at most 253";
  const Located name = fields.need("name", kName);
  const Located key = fields.need("key", kKey);
  SecretKeyRef ref{text_of(name, kName), text_of(key, kKey)};
  if (!icr::is_dns_subdomain(ref.name)) {
    name.fail("is not the name of a Secret",
              "lower-case letters, digits, inner - and ., at most 253");
  }
  if (ref.name.starts_with(kStateSecretPrefix)) {
    name.fail("is a name that the operator keeps its own state under", "another name");
  }
  const bool key_ok = std::all_of(ref.key.begin(), ref.key.end(), [](char c) {
    return is_id_character(c) || c == '_' || c == '.';
  });
  if (!key_ok || ref.key.empty() || ref.key.size() > kLongestSecretKey) {
    key.fail("is not the name of a key", kKey);
  }
  return ref;
}

/// {secretRef: …}; `what` is what the Secret holds, and what may stand here by mistake.
SecretKeyRef read_from_secret(const Located& at, std::string_view what) {
  if (at.value.kind == YamlValue::Kind::kScalar) {
    at.fail(
        fmt::format("is {}", kind_of(at.value)),
        fmt::format("secretRef: {}; the {} itself never stands in this file", kSecretRef, what));
  }
  const Fields fields(at, {"secretRef"});
  return read_secret_ref(fields.need("secretRef", kSecretRef));
}

SecretKeyRef read_api_key(const Located& at) {
  return read_from_secret(at, "API key");
}

/// {apiKey: {secretRef: …}}, of which tokens are made.
SecretKeyRef read_token_key(const Located& at) {
  const Fields fields(at, {"apiKey"});
  return read_api_key(fields.need("apiKey", "{secretRef: {name: …, key: …}}"));
}

TrustedProfileSource read_trusted_profile(const Located& at) {
  const Fields fields(at, {"id", "tokenFile"});
  TrustedProfileSource source;
  source.id = id_of(fields.need("id", kProfileRule), "Profile-", kProfileRule);
  if (const auto file = fields.find("tokenFile")) source.token_file = path_of(*file);
  return source;
}

ProfileKeySource read_profile_key(const Located& at) {
  const Fields fields(at, {"id", "secretRef"});
  return {id_of(fields.need("id", kProfileRule), "Profile-", kProfileRule),
          read_secret_ref(fields.need("secretRef", kSecretRef))};
}

std::variant<ApiKeySource, TrustedProfileSource> read_manager(const Located& at) {
  const Fields fields(at, {"apiKey", "trustedProfile"});
  const auto api_key = fields.find("apiKey");
  const auto profile = fields.find("trustedProfile");
  if (api_key.has_value() == profile.has_value()) {
    at.fail(api_key ? "has two sources, apiKey and trustedProfile" : "has no source",
            "one of apiKey, trustedProfile");
  }
  if (api_key) return ApiKeySource{read_api_key(*api_key)};
  return read_trusted_profile(*profile);
}

std::string account_of(const Located& at, std::string_view accepted) {
  const std::string& account = text_of(at, accepted);
  const bool ok = std::all_of(account.begin(), account.end(),
                              [](char c) { return is_id_character(c) && c != '-'; });
  if (!ok || account.empty() || account.size() > kLongestId) {
    at.fail("is not the id of an account", accepted);
  }
  return account;
}

// A key that IAM doesn't know for longer than this is one that doesn't exist.
constexpr std::chrono::seconds kLongestPropagation = std::chrono::hours(1);

ServiceIdSource read_service_id(const Located& at) {
  constexpr std::string_view kIamId = "the IAM id of a service ID: iam-ServiceId-…";
  constexpr std::string_view kAccount = "the id of an IBM Cloud account: letters and digits";
  const Fields fields(at,
                      {"iamId", "accountId", "rotateEvery", "overlap", "propagation", "manager"});
  ServiceIdSource source;
  source.iam_id = id_of(fields.need("iamId", kIamId), "iam-ServiceId-", kIamId);
  source.account_id = account_of(fields.need("accountId", kAccount), kAccount);
  if (const auto every = fields.find("rotateEvery")) {
    source.rotate_every = duration_of(*every, kShortestRotation, kLongestRotation);
  }
  const auto overlap = fields.find("overlap");
  if (overlap) source.overlap = duration_of(*overlap, kShortestOverlap, kLongestRotation);
  if (source.overlap >= source.rotate_every) {
    const Located& where = overlap ? *overlap : at;
    where.fail(
        fmt::format("{} {}", overlap ? "is" : "has an overlap of", format_duration(source.overlap)),
        fmt::format("an overlap shorter than rotateEvery, which is {}",
                    format_duration(source.rotate_every)));
  }
  if (const auto propagation = fields.find("propagation")) {
    source.propagation = duration_of(*propagation, kShortestOverlap, kLongestPropagation);
  }
  source.manager = read_manager(fields.need("manager", "one of apiKey, trustedProfile"));
  return source;
}

std::string user_of(const Located& at, std::string_view accepted) {
  const std::string& user = text_of(at, accepted);
  // Login is "user:password" in base64: a colon would move the border between them.
  const bool ok = std::none_of(user.begin(), user.end(), [](char c) {
    return c == ':' || static_cast<unsigned char>(c) < 0x20U || c == '\x7f';
  });
  if (!ok || user.empty() || user.size() > kLongestUserName)
    at.fail("is not a user name", accepted);
  return user;
}

BasicSource read_basic(const Located& at) {
  constexpr std::string_view kUser =
      "a user name without colons and control characters, at most 255 bytes";
  constexpr std::string_view kHosts = "a list of at least one host, such as cp.icr.io";
  const Fields fields(at, {"username", "hosts", "password"});
  BasicSource source;
  source.username = user_of(fields.need("username", kUser), kUser);
  const Located hosts = fields.need("hosts", kHosts);
  for (const Located& item : items_of(hosts, kHosts)) {
    const std::string& host = text_of(item, "a host such as cp.icr.io");
    if (const auto mistake = icr::check_host(host)) {
      throw Failure{item.value.line, fmt::format("{}: {}", item.path, mistake->message)};
    }
    source.hosts.insert(host);
  }
  if (source.hosts.empty()) hosts.fail("is an empty list", kHosts);
  source.password =
      read_from_secret(fields.need("password", "{secretRef: {name: …, key: …}}"), "password");
  return source;
}

struct Kind {
  std::string key;
  Source (*read)(const Located&);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"apiKey", [](const Located& at) { return Source(ApiKeySource{read_api_key(at)}); }},
      {"accessToken",
       [](const Located& at) { return Source(AccessTokenSource{read_token_key(at)}); }},
      {"refreshToken",
       [](const Located& at) { return Source(RefreshTokenSource{read_token_key(at)}); }},
      {"trustedProfile", [](const Located& at) { return Source(read_trusted_profile(at)); }},
      {"profileKey", [](const Located& at) { return Source(read_profile_key(at)); }},
      {"serviceId", [](const Located& at) { return Source(read_service_id(at)); }},
      {"basic", [](const Located& at) { return Source(read_basic(at)); }}};
  return all;
}

struct SecretOf {
  std::string operator()(const TrustedProfileSource& /*source*/) const { return {}; }
  std::string operator()(const BasicSource& source) const { return source.password.name; }
  std::string operator()(const ServiceIdSource& source) const {
    return std::visit(*this, source.manager);
  }
  template <typename Kind>
  std::string operator()(const Kind& source) const {
    if constexpr (requires { source.api_key; }) {
      return source.api_key.name;
    } else {
      return source.secret_ref.name;
    }
  }
};

}  // namespace

const std::vector<std::string>& source_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all;
    for (const Kind& kind : kinds()) all.push_back(kind.key);
    return all;
  }();
  return keys;
}

std::string source_secret_of(const Source& source) {
  return std::visit(SecretOf{}, source);
}

Source read_source(const Located& at, const Fields& fields) {
  const std::string accepted = fmt::format("one of {}", fmt::join(source_keys(), ", "));
  const Kind* found = nullptr;
  for (const Kind& kind : kinds()) {
    const auto source = fields.find(kind.key);
    if (!source) continue;
    if (found != nullptr) {
      Located{source->value, at.path}.fail(
          fmt::format("has two sources, {} and {}", found->key, kind.key), accepted);
    }
    found = &kind;
  }
  if (found == nullptr) at.fail("has no source", accepted);
  return found->read(*fields.find(found->key));
}

}  // namespace icrps::config
