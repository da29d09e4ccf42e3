#include "kube/connection.hpp"

#include <fstream>
#include <mutex>
#include <sstream>

namespace icrps::kube {
namespace {

using namespace std::chrono_literals;

constexpr auto kTokenPeriod = 1min;

std::optional<std::string> read_file(const std::string& file) {
  const std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::optional<SecretString> read(const config::InlineOrFile& source) {
  if (!source.inline_pem.empty()) return source.inline_pem;
  auto text = read_file(source.file);
  if (!text) return std::nullopt;
  return SecretString(std::move(*text));
}

/// Authorization for a token in a file. Keeps the last good one when the file can't be read.
class TokenFile {
 public:
  TokenFile(std::string file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}

  std::optional<SecretString> authorization() {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.now();
    if (!header_ || now - read_at_ >= kTokenPeriod) {
      if (auto text = read_file(file_)) {
        while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
        header_ = SecretString("Bearer " + *text);
        read_at_ = now;
      }
    }
    return header_;
  }

 private:
  const std::string file_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<SecretString> header_;
  Clock::Instant read_at_{};
};

}  // namespace

tl::expected<http::TransportOptions, std::string> transport_options(const config::Cluster& cluster,
                                                                    const Clock& clock) {
  http::TransportOptions options;
  options.origin = cluster.server;
  if (!cluster.server_name.empty()) options.server_name = cluster.server_name;
  if (!cluster.ca.empty()) {
    auto ca = read(cluster.ca);
    if (!ca) return tl::unexpected("can't read the certificate authority " + cluster.ca.file);
    options.ca_pem = ca->reveal();
  }
  if (!cluster.token_file.empty()) {
    // Shared: the callback is copied along with the options.
    auto token = std::make_shared<TokenFile>(cluster.token_file, clock);
    if (!token->authorization()) {
      return tl::unexpected("can't read the token " + cluster.token_file);
    }
    options.authorization = [token] { return token->authorization(); };
  } else if (!cluster.token.empty()) {
    options.authorization = [header = SecretString("Bearer " + cluster.token.reveal())] {
      return std::optional(header);
    };
  }
  if (!cluster.client_certificate.empty()) {
    options.client_certificate =
        [certificate = cluster.client_certificate,
         key = cluster.client_key]() -> std::optional<http::ClientCertificate> {
      auto chain = read(certificate);
      auto secret = read(key);
      if (!chain || !secret) return std::nullopt;
      return http::ClientCertificate{chain->reveal(), std::move(*secret)};
    };
  }
  return options;
}

}  // namespace icrps::kube
