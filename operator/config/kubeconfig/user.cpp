#include "config/kubeconfig/user.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "config/kubeconfig/plugin.hpp"
#include "config/read_file.hpp"
#include "icr/base64.hpp"
#include "icr/regions.hpp"

namespace icrps::config {
namespace {

constexpr std::string_view kLogins =
    "a client certificate and key or a token, inline or as files, an exec plugin, or the "
    "auth-provider oidc";

void check_token(const LooseMap& map, std::string_view key, const std::string& token) {
  const bool ok =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!ok) {
    map.find(key)->fail("holds blanks, line ends or characters that are not ASCII",
                        "the token alone");
  }
}

/// IBM's kubeconfigs have the provider `oidc`; kubectl knows no other any more.
IdToken read_provider(const LooseMap& provider, const std::string& kubeconfig) {
  if (provider.text("name") != "oidc") {
    provider.self().fail(fmt::format("is {}, which is not supported, as in kubectl since 1.26",
                                     icr::quoted(provider.text("name"))),
                         "oidc, or an exec plugin");
  }
  IdToken result;
  result.where = error_at(kubeconfig, provider.self().value.line, provider.self().path).message;
  const auto at = provider.find("config");
  if (!at) return result;  // kubectl would log in and write it; we say so when it is used
  const LooseMap settings(*at);
  std::string token = settings.text("id-token");
  check_token(settings, "id-token", token);
  result.token = SecretString(std::move(token));
  return result;
}

void read_personal_login(const LooseMap& map, const std::string& kubeconfig, Cluster& cluster) {
  if (map.says("exec") && map.says("auth-provider")) {
    map.find("exec")->fail("stands beside auth-provider", "one of the two");
  }
  if (map.says("exec")) cluster.plugin = read_plugin(LooseMap(*map.find("exec")), kubeconfig);
  if (map.says("auth-provider")) {
    cluster.id_token = read_provider(LooseMap(*map.find("auth-provider")), kubeconfig);
  }
  // As in kubectl, a login that is there is used.
  if (cluster.token.empty() && cluster.token_file.empty()) return;
  cluster.plugin.reset();
  cluster.id_token.reset();
}

}  // namespace

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

void read_user(const LooseMap& map, const std::string& kubeconfig, Cluster& cluster) {
  constexpr std::array<std::string_view, 7> kRefused{
      "username", "password", "as", "as-uid", "as-groups", "as-user-extra", "impersonate"};
  for (const std::string_view key : kRefused) map.refuse(key, kLogins);

  cluster.client_certificate = pem_of(map, "client-certificate", kubeconfig);
  cluster.client_key = pem_of(map, "client-key", kubeconfig);
  if (cluster.client_certificate.empty() != cluster.client_key.empty()) {
    map.self().fail(cluster.client_key.empty() ? "has a client certificate without its key"
                                               : "has a client key without its certificate",
                    "both or neither");
  }
  std::string token = map.text("token");
  check_token(map, "token", token);
  cluster.token = SecretString(std::move(token));
  if (const std::string file = map.text("tokenFile"); !file.empty()) {
    cluster.token_file = in_folder_of(kubeconfig, file);
  }
  read_personal_login(map, kubeconfig, cluster);
}

}  // namespace icrps::config
