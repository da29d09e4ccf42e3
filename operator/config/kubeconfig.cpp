#include "config/kubeconfig.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <utility>

#include "config/kubeconfig/merged.hpp"
#include "config/kubeconfig/plugin.hpp"
#include "config/kubeconfig/user.hpp"
#include "config/read_file.hpp"
#include "config/server_url.hpp"
#include "http/proxy.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

constexpr std::string_view kServiceLogins =
    "a client certificate and key or a token, inline or as files; for example those of a service "
    "account";

/// May hold a password: not repeated.
void check_proxy(const Located& at, const std::string& url) {
  const auto proxy = http::parse_proxy(url);
  if (!proxy) throw Failure{at.value.line, fmt::format("{} {}", at.path, proxy.error())};
}

void read_cluster(const LooseMap& map, const std::string& kubeconfig, Cluster& cluster) {
  map.refuse("insecure-skip-tls-verify", "certificate-authority or -data with the CA");
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
  cluster.plugin_config = read_plugin_config(map);
}

bool has_login(const Cluster& cluster) {
  return !cluster.client_key.empty() || !cluster.token.empty() || !cluster.token_file.empty() ||
         cluster.plugin || cluster.id_token;
}

Cluster read_kubeconfigs(const std::vector<KubeconfigTree>& trees, std::string_view chosen) {
  const MergedKubeconfig merged(trees);
  const auto context = merged.context(chosen);
  const auto names = about(context.file, [&map = context.map] {
    if (map.text("cluster").empty()) map.self().fail("names no cluster", "cluster: NAME");
    return std::pair(map.text("cluster"), map.text("user"));
  });
  Cluster cluster;
  const auto server = merged.named("cluster", names.first);
  about(server.file, [&] { read_cluster(server.map, server.file, cluster); });
  if (!names.second.empty()) {
    const auto user = merged.named("user", names.second);
    about(user.file, [&] { read_user(user.map, user.file, cluster); });
  }
  about(context.file, [&map = context.map, &cluster] {
    if (!has_login(cluster) && cluster.server.starts_with("https://")) {
      map.self().fail("leads to a user without credentials", kServiceLogins);
    }
    cluster.ns = map.text("namespace");
    if (!cluster.ns.empty() && !icr::is_dns_label(cluster.ns)) {
      map.find("namespace")->fail("is not the name of a namespace", "a DNS label");
    }
  });
  return cluster;
}

KubeconfigTree parse_tree(const KubeconfigText& source, bool alone) {
  return about(source.file, [&] {
    if (source.text.size() > kLargestFile) throw Failure{0, "is larger than 1 MiB"};
    auto value = parse_yaml(source.text);
    if (alone && value.kind == YamlValue::Kind::kNull) {
      throw Failure{0, "is empty; accepted: a kubeconfig"};
    }
    return KubeconfigTree{source.file, std::move(value)};
  });
}

/// Of several files those that don't exist are passed over, as in kubectl.
bool exists(const std::string& file) {
  return ::access(file.c_str(), F_OK) == 0 || errno != ENOENT;
}

}  // namespace

tl::expected<Cluster, ConfigError> parse_kubeconfigs(const std::vector<KubeconfigText>& texts,
                                                     std::string_view context) {
  try {
    std::vector<KubeconfigTree> trees;
    trees.reserve(texts.size());
    for (const auto& source : texts) trees.push_back(parse_tree(source, texts.size() == 1));
    return read_kubeconfigs(trees, context);
  } catch (const FileFailure& failure) {
    return tl::make_unexpected(error_at(failure.file, failure.line, failure.message));
  }
}

tl::expected<Cluster, ConfigError> parse_kubeconfig(std::string_view text, const std::string& file,
                                                    std::string_view context) {
  return parse_kubeconfigs({{file, std::string(text)}}, context);
}

tl::expected<Cluster, ConfigError> load_kubeconfig(const std::string& file,
                                                   std::string_view context) {
  const auto text = read_file(file);
  if (!text) return tl::make_unexpected(text.error());
  return parse_kubeconfig(*text, file, context);
}

tl::expected<Cluster, ConfigError> load_kubeconfigs(const std::vector<std::string>& files,
                                                    std::string_view context) {
  std::vector<KubeconfigText> texts;
  for (const auto& file : files) {
    if (!exists(file)) continue;
    auto text = read_file(file);
    if (!text) return tl::make_unexpected(text.error());
    texts.push_back({file, std::move(*text)});
  }
  if (!texts.empty()) return parse_kubeconfigs(texts, context);
  return tl::make_unexpected(
      ConfigError{fmt::format("KUBECONFIG: none of its files exists: {}", fmt::join(files, ", "))});
}

std::optional<ConfigError> personal_login(const Cluster& cluster) {
  const auto refused = [](const std::string& where) {
    return ConfigError{fmt::format(
        "{} is a person's login, which a program that runs by itself can't use; accepted: {}",
        where, kServiceLogins)};
  };
  if (cluster.plugin) return refused(cluster.plugin->where);
  if (cluster.id_token) return refused(cluster.id_token->where);
  return std::nullopt;
}

std::vector<std::string> kubeconfig_paths(const Environment& env) {
  std::vector<std::string> paths;
  const auto value = env("KUBECONFIG");
  std::string_view list = value ? std::string_view(*value) : std::string_view();
  while (!list.empty()) {
    const auto end = std::min(list.find(':'), list.size());
    if (end > 0) paths.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return paths;
}

}  // namespace icrps::config
