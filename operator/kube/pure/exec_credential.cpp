#include "kube/pure/exec_credential.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "icr/base64.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::kube {
namespace {

using nlohmann::json;
using Unusable = tl::unexpected<std::string>;

/// Nothing: it is there and not text.
std::optional<std::string> exec_text(const json& map, const char* key) {
  const auto found = map.find(key);
  if (found == map.end() || found->is_null()) return "";
  if (!found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

bool fits_header(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_pem(const std::string& text) {
  return text.find("-----BEGIN ") != std::string::npos;
}

tl::expected<ExecCredential, std::string> read_status(const json& status) {
  auto token = exec_text(status, "token");
  auto certificate = exec_text(status, "clientCertificateData");
  auto key = exec_text(status, "clientKeyData");
  const auto expires = exec_text(status, "expirationTimestamp");
  if (!token || !certificate || !key || !expires) {
    return Unusable("printed an ExecCredential whose status holds something that is not text");
  }
  ExecCredential result{SecretString(std::move(*token)), std::move(*certificate),
                        SecretString(std::move(*key)), std::nullopt};
  if (result.token.empty() && result.certificate_pem.empty() && result.key_pem.empty()) {
    return Unusable("printed an ExecCredential without a token and without a client certificate");
  }
  if (result.certificate_pem.empty() != result.key_pem.empty()) {
    return Unusable("printed a client certificate without its key, or a key without certificate");
  }
  if (!fits_header(result.token.reveal())) {
    return Unusable("printed a token with blanks, line ends or characters that are not ASCII");
  }
  if (!result.key_pem.empty() &&
      !(is_pem(result.certificate_pem) && is_pem(result.key_pem.reveal()))) {
    return Unusable("printed a client certificate or key that is not PEM");
  }
  if (expires->empty()) return result;
  result.expires_at = parse_rfc3339(*expires);
  if (!result.expires_at) return Unusable("printed an expirationTimestamp that is no time");
  return result;
}

}  // namespace

std::string exec_info(const std::string& api_version, bool interactive,
                      const std::optional<PluginCluster>& cluster) {
  json spec{{"interactive", interactive}};
  if (cluster) {
    json told{{"server", cluster->server}};
    const auto add = [&told](const char* key, const std::string& value) {
      if (!value.empty()) told[key] = value;
    };
    add("tls-server-name", cluster->server_name);
    add("proxy-url", cluster->proxy_url);
    if (!cluster->ca_pem.empty()) {
      told["certificate-authority-data"] = icr::base64_encode(cluster->ca_pem);
    }
    auto config = json::parse(cluster->config, nullptr, false);
    if (!config.is_discarded()) told["config"] = std::move(config);
    spec["cluster"] = std::move(told);
  }
  return json{{"apiVersion", api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

tl::expected<ExecCredential, std::string> read_exec_credential(std::string_view output,
                                                               std::string_view api_version) {
  const auto document = json::parse(output, nullptr, false);
  if (!document.is_object()) return Unusable("printed something that is not an ExecCredential");
  const auto kind = exec_text(document, "kind");
  if (kind != "ExecCredential") return Unusable("printed something that is not an ExecCredential");
  if (exec_text(document, "apiVersion") != std::string(api_version)) {
    return Unusable("printed an ExecCredential of another version than " +
                    std::string(api_version) + ", which its kubeconfig names");
  }
  const auto status = document.find("status");
  if (status == document.end() || !status->is_object()) {
    return Unusable("printed an ExecCredential without a status");
  }
  return read_status(*status);
}

}  // namespace icrps::kube
