// Asks a registry whether it takes a login, the way a container runtime would: /v2/, its challenge,
// the token endpoint or HTTP Basic, and for an image a HEAD of its manifest with a token for just
// that.
//
// Sources: distribution/distribution, "Token Authentication Specification"; OCI distribution
// specification, "Pulling manifests".
// Thread safety: prove() may be called from any thread at once; it blocks the caller.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "http/transport.hpp"
#include "iam/pure/refusal.hpp"
#include "icr/docker_config.hpp"

namespace icrps::iam {

/// An image by its name without the host: "team/app", and a tag or "sha256:…".
struct ImageName {
  std::string repository;
  std::string reference;
};

/// "us.icr.io/team/app:1", "us.icr.io/team/app@sha256:…", "us.icr.io/team/app" (then "latest").
struct ImageReference {
  std::string host;
  ImageName image;
};
[[nodiscard]] std::optional<ImageReference> parse_image_reference(std::string_view text);

class RegistryProbe {
 public:
  /// A transport for an origin such as "https://us.icr.io". `authorization`: what each request
  /// carries, or nothing.
  using Connect = std::function<std::unique_ptr<http::Transport>(
      const std::string& origin, std::optional<SecretString> authorization)>;

  explicit RegistryProbe(Connect connect) : connect_(std::move(connect)) {}

  /// Nothing: the host takes the login (and lets it pull the image). A login that the token
  /// endpoint takes but that may not pull the image is kPolicy. A registry that asks for HTTP Basic
  /// and for no token is asked /v2/ once more with the login. One that answers /v2/ with 200 or
  /// with another challenge, or whose realm must not be trusted with a credential, is kUnknown with
  /// a message that says so; no credential is sent then. docker.io answers at
  /// registry-1.docker.io, as for container runtimes.
  [[nodiscard]] tl::expected<void, Refusal> prove(const std::string& host, const icr::Login& login,
                                                  const std::optional<ImageName>& image,
                                                  const std::stop_token& stop) const;

 private:
  const Connect connect_;
};

}  // namespace icrps::iam
