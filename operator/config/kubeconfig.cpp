#include "config/kubeconfig.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "config/fields.hpp"
#include "config/read_file.hpp"
#include "config/server_url.hpp"
#include "config/yaml_tree.hpp"
#include "http/proxy.hpp"
#include "icr/base64.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

using Kind = YamlValue::Kind;

/// A map of a kubeconfig: keys that nobody asks for are ignored, a null is the same as no key.
class LooseMap {
 public:
  explicit LooseMap(Located at) : at_(std::move(at)) {
    if (at_.value.kind != Kind::kMap && at_.value.kind != Kind::kNull) {
      at_.fail(fmt::format("is {}", kind_of(at_.value)), "a map");
    }
  }

  [[nodiscard]] std::optional<Located> find(std::string_view key) const {
    for (std::size_t i = 0; i < at_.value.keys.size(); ++i) {
      if (at_.value.keys[i].text != key || at_.value.items[i].kind == Kind::kNull) continue;
      return Located{at_.value.items[i],
                     at_.path.empty() ? std::string(key) : fmt::format("{}.{}", at_.path, key)};
    }
    return std::nullopt;
  }

  /// Empty when there is no such key.
  [[nodiscard]] std::string text(std::string_view key) const {
    const auto found = find(key);
    return found ? text_of(*found, "text") : "";
  }

  [[nodiscard]] const Located& self() const { return at_; }

 private:
  Located at_;
};

/// Whether a key is there and says something: not "", [], {} or false.
bool is_set(const LooseMap& map, std::string_view key) {
  const auto found = map.find(key);
  if (!found) return false;
  const YamlValue& value = found->value;
  if (value.kind == Kind::kScalar) return !value.text.empty() && value.text != "false";
  return !value.items.empty();
}

void refuse_if_set(const LooseMap& map, std::string_view key, std::string_view instead) {
  if (is_set(map, key)) map.find(key)->fail("is not supported", instead);
}

/// The part called `kind` ("cluster") of the entry called `name` in the list `kind`s.
LooseMap named(const LooseMap& root, const std::string& kind, const std::string& name) {
  std::vector<LooseMap> found;
  std::vector<std::string> names;
  if (const auto list = root.find(kind + "s")) {
    for (const Located& item : items_of(*list, "a list")) {
      const LooseMap entry(item);
      names.push_back(icr::quoted(entry.text("name")));
      if (entry.text("name") != name) continue;
      const auto part = entry.find(kind);
      if (!part) item.fail(fmt::format("has no {}", kind), fmt::format("{}: {{…}}", kind));
      found.emplace_back(*part);
    }
  }
  if (found.size() > 1) {
    found.back().self().fail(fmt::format("is the second {} called {}", kind, icr::quoted(name)),
                             "every name once");
  }
  if (found.empty()) {
    const std::size_t shown = std::min<std::size_t>(names.size(), 10);
    const std::string accepted = fmt::format(
        "{}{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
        shown < names.size() ? ", …" : "");
    throw Failure{root.self().value.line,
                  fmt::format("there is no {} called {}; accepted: {}", kind, icr::quoted(name),
                              names.empty() ? "a file that has one" : accepted)};
  }
  return found.front();
}

std::string in_folder_of(const std::string& kubeconfig, const std::string& file) {
  const std::filesystem::path path(file);
  if (path.is_absolute()) return file;
  std::error_code error;
  const auto base = std::filesystem::absolute(kubeconfig, error).parent_path();
  return (base / path).lexically_normal().string();
}

/// KEY-data wins over KEY, as in kubectl.
InlineOrFile pem_of(const LooseMap& map, const std::string& key, const std::string& kubeconfig) {
  InlineOrFile result;
  std::string encoded = map.text(key + "-data");
  std::erase_if(encoded, [](char c) { return c == '\n' || c == '\r'; });
  if (encoded.empty()) {
    if (const std::string file = map.text(key); !file.empty()) {
      result.file = in_folder_of(kubeconfig, file);
    }
    return result;
  }
  auto pem = icr::base64_decode(encoded);
  if (!pem) map.find(key + "-data")->fail("is not base64", "a PEM file in padded base64");
  if (pem->find("-----BEGIN ") == std::string::npos) {
    map.find(key + "-data")->fail("is not a PEM file", "a PEM file in padded base64");
  }
  result.inline_pem = SecretString(*std::move(pem));
  return result;
}

/// May hold a password: not repeated.
void check_proxy(const Located& at, const std::string& url) {
  const auto proxy = http::parse_proxy(url);
  if (!proxy) throw Failure{at.value.line, fmt::format("{} {}", at.path, proxy.error())};
}

void read_cluster(const LooseMap& map, const std::string& kubeconfig, Cluster& cluster) {
  refuse_if_set(map, "insecure-skip-tls-verify", "certificate-authority or -data with the CA");
  auto server = read_server(map.text("server"));
  if (!server) {
    throw Failure{map.find("server").value_or(map.self()).value.line,
                  fmt::format("{}.server {}", map.self().path, server.error().message)};
  }
  cluster.server = std::move(*server);
  cluster.proxy_url = map.text("proxy-url");
  if (!cluster.proxy_url.empty()) check_proxy(*map.find("proxy-url"), cluster.proxy_url);
  cluster.ca = pem_of(map, "certificate-authority", kubeconfig);
  cluster.server_name = map.text("tls-server-name");
  if (!cluster.server_name.empty() && !icr::is_dns_subdomain(icr::lower(cluster.server_name))) {
    map.find("tls-server-name")->fail("is not a DNS name", "a DNS name");
  }
}

constexpr std::string_view kSupported =
    "a client certificate and key or a token, inline or as files; for example those of a service "
    "account";

void check_token(const LooseMap& map, const std::string& token) {
  const bool ok =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!ok) {
    map.find("token")->fail("holds blanks, line ends or characters that are not ASCII",
                            "the token alone");
  }
}

void read_user(const LooseMap& map, const std::string& kubeconfig, Cluster& cluster) {
  constexpr std::array<std::string_view, 9> kRefused{
      "exec",   "auth-provider", "username",      "password",   "as",
      "as-uid", "as-groups",     "as-user-extra", "impersonate"};
  for (const std::string_view key : kRefused) refuse_if_set(map, key, kSupported);

  cluster.client_certificate = pem_of(map, "client-certificate", kubeconfig);
  cluster.client_key = pem_of(map, "client-key", kubeconfig);
  if (cluster.client_certificate.empty() != cluster.client_key.empty()) {
    map.self().fail(cluster.client_key.empty() ? "has a client certificate without its key"
                                               : "has a client key without its certificate",
                    "both or neither");
  }
  std::string token = map.text("token");
  check_token(map, token);
  cluster.token = SecretString(std::move(token));
  if (const std::string file = map.text("tokenFile"); !file.empty()) {
    cluster.token_file = in_folder_of(kubeconfig, file);
  }
}

void check_header(const LooseMap& root) {
  if (const auto kind = root.find("kind"); kind && root.text("kind") != "Config") {
    kind->fail(fmt::format("is {}, so this is not a kubeconfig", icr::quoted(root.text("kind"))),
               "Config");
  }
  if (const auto version = root.find("apiVersion"); version && root.text("apiVersion") != "v1") {
    version->fail(fmt::format("is {}", icr::quoted(root.text("apiVersion"))), "v1");
  }
}

Cluster read_kubeconfig(const YamlValue& value, const std::string& file) {
  if (value.kind == Kind::kNull) throw Failure{0, "is empty; accepted: a kubeconfig"};
  const LooseMap root({value, ""});
  check_header(root);
  const std::string current = root.text("current-context");
  if (current.empty()) {
    throw Failure{0,
                  "has no current-context; accepted: a file where `kubectl config use-context` "
                  "has chosen one"};
  }
  const LooseMap context = named(root, "context", current);
  const std::string cluster_name = context.text("cluster");
  const std::string user_name = context.text("user");
  if (cluster_name.empty()) context.self().fail("names no cluster", "cluster: NAME");

  Cluster cluster;
  read_cluster(named(root, "cluster", cluster_name), file, cluster);
  if (!user_name.empty()) read_user(named(root, "user", user_name), file, cluster);
  const bool anonymous =
      cluster.client_key.empty() && cluster.token.empty() && cluster.token_file.empty();
  if (anonymous && cluster.server.starts_with("https://")) {
    context.self().fail("leads to a user without credentials", kSupported);
  }
  cluster.ns = context.text("namespace");
  if (!cluster.ns.empty() && !icr::is_dns_label(cluster.ns)) {
    context.find("namespace")->fail("is not the name of a namespace", "a DNS label");
  }
  return cluster;
}

}  // namespace

tl::expected<Cluster, ConfigError> parse_kubeconfig(std::string_view text,
                                                    const std::string& file) {
  try {
    if (text.size() > kLargestFile) throw Failure{0, "is larger than 1 MiB"};
    return read_kubeconfig(parse_yaml(text), file);
  } catch (const Failure& failure) {
    return tl::make_unexpected(error_at(file, failure.line, failure.message));
  }
}

tl::expected<Cluster, ConfigError> load_kubeconfig(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return tl::make_unexpected(text.error());
  return parse_kubeconfig(*text, file);
}

tl::expected<std::optional<std::string>, ConfigError> kubeconfig_path(const Environment& env) {
  std::string_view list;
  const auto value = env("KUBECONFIG");
  if (value) list = *value;
  while (list.starts_with(':')) list.remove_prefix(1);
  while (list.ends_with(':')) list.remove_suffix(1);
  if (list.empty()) return std::nullopt;
  if (list.find(':') != std::string_view::npos) {
    return tl::make_unexpected(ConfigError{
        "KUBECONFIG names several files, which is not supported; accepted: one file (`kubectl "
        "config view --flatten` writes the merged one), or --kubeconfig FILE"});
  }
  return std::string(list);
}

}  // namespace icrps::config
