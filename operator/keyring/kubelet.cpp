#include "keyring/kubelet.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

#include "authfile/json_text.hpp"
#include "icr/regions.hpp"
#include "icr/text.hpp"
#include "keyring/go_base64.hpp"
#include "keyring/go_url.hpp"

namespace icrps::keyring {
namespace {

using authfile::JsonMember;
using authfile::JsonValue;
using Kind = JsonValue::Kind;

constexpr std::string_view kHubServer = "index.docker.io";

/// Why a content can't be read: thrown deep inside, caught by of().
struct Unreadable {
  std::string what;
};

/// Go takes the names of fields without regard to case; two characters beyond ASCII fold to one of
/// its letters.
std::string folded(std::string_view name) {
  std::string text = icr::lower(name);
  const auto replace = [&](std::string_view what, char with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what)) {
      text.replace(at, what.size(), 1, with);
    }
  };
  replace("\xc5\xbf", 's');      // long s
  replace("\xe2\x84\xaa", 'k');  // the Kelvin sign
  return text;
}

class DockerConfig {
 public:
  DockerConfig(std::string_view text, const std::string& secret) : text_(text), secret_(secret) {}

  std::vector<Held> read(PullSecret::Kind kind) {
    const auto root = authfile::parse_json(text_);
    if (!root) {
      throw Unreadable{fmt::format("line {}, column {}: {}", root.error().line, root.error().column,
                                   root.error().what)};
    }
    if (kind == PullSecret::Kind::kDockercfg) {
      entries(*root, "it");
    } else {
      document(*root);
    }
    return std::move(held_);
  }

 private:
  void document(const JsonValue& root) {
    if (root.kind == Kind::kNull) return;
    if (!root.is_object()) throw Unreadable{"it is no object"};
    for (const auto& member : root.members) {
      const auto name = folded(member.key);
      if (name == "auths") entries(member.value, "\"auths\"");
      if (name == "httpheaders") headers(member.value);
    }
  }

  void headers(const JsonValue& value) {
    if (value.kind == Kind::kNull) return;
    if (!value.is_object()) throw Unreadable{"\"HttpHeaders\" is no object"};
    for (const auto& member : value.members) string_of(member, "\"HttpHeaders\"");
  }

  void entries(const JsonValue& value, std::string_view what) {
    if (value.kind == Kind::kNull) return;
    if (!value.is_object()) throw Unreadable{std::string(what) + " is no object"};
    for (const auto& member : value.members) {
      Held held{secret_, member.key, login(member)};
      const auto old = std::find_if(held_.begin(), held_.end(),
                                    [&](const Held& one) { return one.key == held.key; });
      if (old == held_.end()) {
        held_.push_back(std::move(held));
      } else {
        *old = std::move(held);
      }
    }
  }

  icr::Login login(const JsonMember& entry) {
    const auto where = fmt::format("the entry {}", icr::quoted(entry.key));
    if (entry.value.kind == Kind::kNull) return {};
    if (!entry.value.is_object()) throw Unreadable{where + " is no object"};
    icr::Login login;
    SecretString auth;
    for (const auto& member : entry.value.members) {
      const auto name = folded(member.key);
      const bool known =
          name == "username" || name == "password" || name == "email" || name == "auth";
      if (!known) continue;
      SecretString text(string_of(member, where));
      if (member.value.kind == Kind::kNull) continue;
      if (name == "username") login.username = text.reveal();
      if (name == "password") {
        login.password = std::move(text);
      } else if (name == "auth") {
        auth = std::move(text);
      }
    }
    return auth.empty() ? login : decoded(auth, where);
  }

  std::string string_of(const JsonMember& member, std::string_view where) {
    if (member.value.kind == Kind::kNull) return "";
    if (member.value.kind != Kind::kString) {
      throw Unreadable{fmt::format("{}: {} is no text", where, icr::quoted(member.key))};
    }
    return authfile::string_in(text_, member.value);
  }

  static icr::Login decoded(const SecretString& auth, const std::string& where) {
    const bool padded = icr::trim(auth.reveal()).ends_with('=');
    const auto both = go_base64_decode(auth.reveal(), padded ? Padding::kNeeded : Padding::kNone);
    const auto colon = both ? both->reveal().find(':') : std::string::npos;
    if (colon == std::string::npos) {
      throw Unreadable{where + ": \"auth\" is not base64(user:password)"};
    }
    return {both->reveal().substr(0, colon), SecretString(both->reveal().substr(colon + 1))};
  }

  const std::string_view text_;
  const std::string& secret_;
  std::vector<Held> held_;
};

/// What the kubelet makes of a key: host and path; nothing: it passes over the entry.
std::optional<std::string> indexed(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!key.starts_with(scheme)) continue;
    key.remove_prefix(scheme.size());
    break;
  }
  const auto address = parse_address(key);
  if (!address) return std::nullopt;
  std::string_view path = address->path;
  if (path.starts_with("/v1/") || path.starts_with("/v2/")) path.remove_prefix(3);
  return path == "/" ? address->host : address->host + std::string(path);
}

std::vector<std::string> labels_of(std::string_view host) {
  std::vector<std::string> labels(1);
  for (const char c : host) {
    if (c == '.') {
      labels.emplace_back();
    } else {
      labels.back() += c;
    }
  }
  return labels;
}

/// Why the key, as it is in the index, is not for the repository; empty: it is.
std::string mismatch(const std::string& key, const std::string& repository) {
  const auto glob = parse_address(key);
  const auto target = parse_address(repository);
  if (!glob || !target) return "it is no address";
  const auto [glob_host, glob_port] = split_host_port(glob->host);
  const auto [host, port] = split_host_port(target->host);
  if (glob_port != port) return "the port differs";
  const auto patterns = labels_of(glob_host);
  const auto labels = labels_of(host);
  if (patterns.size() != labels.size()) {
    return glob_host.find('*') == std::string::npos ? "the host differs"
                                                    : "* stands for one label of the host only";
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!glob_matches(patterns[i], labels[i])) return "the host differs";
  }
  if (target->path.starts_with(glob->path)) return "";
  return glob->path.find('*') == std::string::npos
             ? "the image is not below its path"
             : "the image is not below its path, where * stands for itself";
}

/// An image of Docker Hub is in its keyring by another name.
bool is_on_hub(std::string_view repository) {
  const auto slash = repository.find('/');
  const auto first = repository.substr(0, slash);
  if (first.empty()) return false;
  return slash == std::string_view::npos || first == "docker.io" || first == kHubServer ||
         first.find_first_of(".:") == std::string_view::npos;
}

}  // namespace

tl::expected<Kubelet, std::string> Kubelet::of(const std::vector<PullSecret>& secrets) {
  Kubelet keyring;
  for (const auto& secret : secrets) {
    if (secret.content.empty()) continue;
    try {
      auto all = DockerConfig(secret.content.reveal(), secret.name).read(secret.kind);
      for (auto& held : all) keyring.add(std::move(held));
    } catch (const Unreadable& unreadable) {
      return tl::unexpected(secret.name + ": " + unreadable.what);
    }
  }
  std::sort(keyring.index_.begin(), keyring.index_.end(), [](const Indexed& a, const Indexed& b) {
    return a.key == b.key ? a.place < b.place : a.key > b.key;
  });
  return keyring;
}

void Kubelet::add(Held held) {
  auto key = indexed(held.key);
  if (key) index_.push_back({std::move(*key), index_.size(), std::move(held)});
}

std::vector<Held> Kubelet::lookup(const std::string& repository) const {
  std::vector<Held> found;
  for (const auto& [key, place, held] : index_) {
    if (mismatch(key, repository).empty()) found.push_back(held);
  }
  if (!found.empty() || !is_on_hub(repository)) return found;
  for (const auto& [key, place, held] : index_) {
    if (key == kHubServer) found.push_back(held);
  }
  return found;
}

std::string why_not(const std::string& key, const std::string& repository) {
  const auto in_index = indexed(key);
  if (!in_index) return "it is no address";
  if (*in_index == kHubServer && is_on_hub(repository)) return "";
  return mismatch(*in_index, repository);
}

}  // namespace icrps::keyring
