// A kubeconfig.
#include "config/kubeconfig.hpp"

#include "fuzz.hpp"

using namespace icrps;

namespace {

void check_part(const config::InlineOrFile& part) {
  fuzz::require(part.file.empty() || part.file.starts_with('/'), "files are absolute");
  fuzz::require(part.file.empty() || part.inline_pem.empty(), "data or a file");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto cluster = config::parse_kubeconfig(fuzz::text_of(data, size), "/etc/kubeconfig");
  if (!cluster) {
    fuzz::require_presentable(cluster.error().message);
    return 0;
  }
  const bool local = cluster->server.starts_with("http://localhost") ||
                     cluster->server.starts_with("http://127.0.0.1");
  fuzz::require(cluster->server.starts_with("https://") || local, "https except at home");
  fuzz::require(cluster->client_certificate.empty() == cluster->client_key.empty(),
                "a certificate has a key");
  for (const auto* part : {&cluster->ca, &cluster->client_certificate, &cluster->client_key}) {
    check_part(*part);
  }
  fuzz::require(!cluster->plugin || !cluster->plugin->command.empty(), "a plugin is a program");
  fuzz::require(!cluster->plugin || cluster->token.empty(), "one login");
  for (const char c : cluster->token.reveal()) {
    fuzz::require(c > ' ' && c < 0x7f, "a token fits a header");
  }
  return 0;
}
