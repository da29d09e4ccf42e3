#include "kube/connection.hpp"

#include <mutex>
#include <stdexcept>
#include <utility>

#include "config/read_file.hpp"
#include "kube/personal_login.hpp"
#include "kube/token_file.hpp"

namespace icrps::kube {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadAgain = 1min;

SecretString read(const config::InlineOrFile& source) {
  if (!source.inline_pem.empty()) return source.inline_pem;
  auto text = config::read_file(source.file);
  if (!text) throw std::runtime_error(text.error().message);
  return SecretString(std::move(*text));
}

/// How the API server is reached by now: the kubeconfig may change, and so may the files it names.
/// Thread safety: all methods from any thread.
class LiveCluster {
 public:
  LiveCluster(config::Cluster cluster, ReadCluster read_again, const Clock& clock)
      : clock_(clock),
        read_again_(std::move(read_again)),
        cluster_(std::move(cluster)),
        read_at_(clock.now()),
        token_(clock) {}

  /// Throws std::runtime_error when a file can't be read.
  SecretString authorities() { return read(current().ca); }

  http::ClientCertificate client_certificate() {
    const auto cluster = current();
    return {read(cluster.client_certificate).reveal(), read(cluster.client_key)};
  }

  std::optional<SecretString> authorization() {
    const auto cluster = current();
    if (cluster.token_file.empty()) return SecretString("Bearer " + cluster.token.reveal());
    return token_.authorization(cluster.token_file);
  }

  void refused() { token_.refused(); }

 private:
  /// One that can't be read, or that leads to another server or logs in by other means, changes
  /// nothing: those are decided at the start.
  config::Cluster current() {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.now();
    if (!read_again_ || now - read_at_ < kReadAgain) return cluster_;
    read_at_ = now;
    auto next = read_again_();
    if (next && next->server == cluster_.server && same_kind(*next, cluster_)) {
      cluster_ = std::move(*next);
    }
    return cluster_;
  }

  static bool same_kind(const config::Cluster& one, const config::Cluster& other) {
    return one.ca.empty() == other.ca.empty() &&
           one.client_certificate.empty() == other.client_certificate.empty() &&
           one.token_file.empty() == other.token_file.empty() &&
           one.token.empty() == other.token.empty();
  }

  const Clock& clock_;
  std::mutex mutex_;
  // Guarded by mutex_.
  const ReadCluster read_again_;
  config::Cluster cluster_;
  Clock::Instant read_at_;

  TokenFile token_;  // guards itself
};

}  // namespace

tl::expected<http::TransportOptions, std::string> transport_options(const config::Cluster& cluster,
                                                                    const Clock& clock,
                                                                    ReadCluster read_again,
                                                                    PluginRunner runner) {
  http::TransportOptions options;
  options.origin = cluster.server;
  if (!cluster.server_name.empty()) options.server_name = cluster.server_name;
  if (!cluster.proxy_url.empty()) {
    auto proxy = http::parse_proxy(cluster.proxy_url);
    if (!proxy) return tl::unexpected("the kubeconfig's proxy-url " + proxy.error());
    options.proxy = std::move(*proxy);
  }
  // Shared: the callbacks are copied along with the options.
  const auto live = std::make_shared<LiveCluster>(cluster, std::move(read_again), clock);
  if (!cluster.ca.empty()) {
    options.authorities = [live] { return live->authorities().reveal(); };
    try {
      static_cast<void>(options.authorities());
    } catch (const std::runtime_error& error) {
      return tl::unexpected(std::string("can't read the certificate authority ") + error.what());
    }
  }
  if (!cluster.token_file.empty() || !cluster.token.empty()) {
    options.authorization = [live] { return live->authorization(); };
    options.on_unauthorized = [live] { live->refused(); };
    if (!options.authorization()) {
      return tl::unexpected("there is no readable, whole token in " + cluster.token_file);
    }
  }
  if (!cluster.client_certificate.empty()) {
    options.client_certificate = [live] { return live->client_certificate(); };
  }
  if (auto done = add_personal_login(cluster, clock, std::move(runner), options); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  return options;
}

}  // namespace icrps::kube
