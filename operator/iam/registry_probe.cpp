#include "iam/registry_probe.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "http/percent.hpp"
#include "iam/pure/challenge.hpp"
#include "iam/pure/form.hpp"
#include "iam/pure/token.hpp"
#include "iam/wipe.hpp"
#include "icr/base64.hpp"
#include "icr/regions.hpp"
#include "icr/text.hpp"

namespace icrps::iam {
namespace {

using http::Method;
using Kind = Refusal::Kind;
template <typename T>
using Result = tl::expected<T, Refusal>;

constexpr std::chrono::milliseconds kProbeDeadline{10'000};
constexpr std::size_t kMaxProbeBody = std::size_t{1} << 20U;
constexpr std::string_view kClientId = "icr-pull-secrets";
constexpr std::string_view kManifests =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

http::Request request(Method method, std::string target, std::string_view accept) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  request.headers = {{"Accept", std::string(accept)}};
  request.deadline = kProbeDeadline;
  request.max_body = kMaxProbeBody;
  return request;
}

http::Request ask_json(Method method, std::string target) {
  return request(method, std::move(target), "application/json");
}

Refusal unknown(const std::string& who, int status, std::string_view what) {
  Refusal refusal;
  refusal.who = who;
  refusal.status = status;
  refusal.message = fmt::format("{}: {}", who, what);
  return refusal;
}

/// "Basic …" or "Bearer …".
SecretString authorization(std::string_view scheme, std::string_view credential) {
  std::string value;
  value.reserve(scheme.size() + 1 + credential.size());
  value += scheme;
  value += ' ';
  value += credential;
  return SecretString(std::move(value));
}

SecretString basic_credential(const icr::Login& login) {
  std::string pair;
  pair.reserve(login.username.size() + 1 + login.password.size());
  pair += login.username;
  pair += ':';
  pair += login.password.reveal();
  const SecretString joined(std::move(pair));
  return SecretString(icr::base64_encode(joined.reveal()));
}

/// From all headers of that name: some transports keep them apart, others join them.
std::optional<BearerChallenge> challenge_of(const http::ResponseHead& head) {
  for (const auto& header : head.headers) {
    if (icr::lower(header.name) != "www-authenticate") continue;
    if (auto challenge = parse_challenge(header.value)) return challenge;
  }
  return std::nullopt;
}

bool offers_basic(const http::ResponseHead& head) {
  return std::any_of(head.headers.begin(), head.headers.end(), [](const auto& header) {
    return icr::lower(header.name) == "www-authenticate" && iam::offers_basic(header.value);
  });
}

/// Where the registry is that images name so.
std::string server_of(const std::string& host) {
  return host == "docker.io" ? "registry-1.docker.io" : host;
}

/// One proof: a host, and what its answers led to.
class Proof {
 public:
  Proof(const RegistryProbe::Connect& connect, const std::string& host, const icr::Login& login,
        const std::stop_token& stop)
      : connect_(connect), host_(host), server_(server_of(host)), login_(login), stop_(stop) {}

  Result<void> run(const std::optional<ImageName>& image);

 private:
  /// Where to ask for a token, and with what.
  struct TokenSource {
    TokenEndpoint endpoint;
    std::string who;
    std::string service;
    std::string scope;
  };

  Result<http::Response> send(const std::string& who, const std::string& origin,
                              std::optional<SecretString> authorization, http::Request request);
  /// Nothing: there is no token to ask for, it is HTTP Basic.
  Result<std::optional<TokenSource>> discover();
  Result<void> run_basic(const std::optional<ImageName>& image);
  Result<SecretString> token(const TokenSource& source);
  Result<http::Response> ask_by_get(const TokenSource& source, const SecretString& credential);
  Result<http::Response> ask_by_post(const TokenSource& source);
  /// `secret`: what is in the authorization, and in no message.
  Result<void> head(const ImageName& image, SecretString authorization, const SecretString& secret);

  const RegistryProbe::Connect& connect_;
  const std::string& host_;
  const std::string server_;
  const icr::Login& login_;
  const std::stop_token& stop_;
};

Result<http::Response> Proof::send(const std::string& who, const std::string& origin,
                                   std::optional<SecretString> authorization,
                                   http::Request request) {
  const RequestWiper wiper(request);
  const auto transport = connect_(origin, std::move(authorization));
  auto result = transport->send(request, stop_);
  if (!result) return tl::unexpected(refusal_of(who, result.error()));
  return std::move(*result);
}

Result<std::optional<Proof::TokenSource>> Proof::discover() {
  const auto answer =
      send(host_, "https://" + server_, std::nullopt, ask_json(Method::kGet, "/v2/"));
  if (!answer) return tl::unexpected(answer.error());
  constexpr int kUnauthorized = 401;
  if (is_success(answer->status)) {
    return tl::unexpected(
        unknown(host_, answer->status, "answers /v2/ without asking for a login; none was sent"));
  }
  if (answer->status != kUnauthorized) {
    auto refusal = refusal_of(host_, *answer);
    refusal.kind = Kind::kUnknown;  // nobody was logged in: it is not about the login
    return tl::unexpected(std::move(refusal));
  }
  const auto challenge = challenge_of(*answer);
  if (!challenge && offers_basic(*answer)) return std::nullopt;
  if (!challenge) {
    return tl::unexpected(unknown(host_, answer->status,
                                  "does not say how to log in (no Bearer or Basic challenge "
                                  "that can be read); no login was sent"));
  }
  auto endpoint = token_endpoint(challenge->realm, server_);
  if (!endpoint) {
    return tl::unexpected(unknown(host_, answer->status, endpoint.error() + "; no login was sent"));
  }
  constexpr std::string_view kHttps = "https://";
  std::string who = endpoint->origin.substr(kHttps.size());
  return TokenSource{std::move(*endpoint), std::move(who), challenge->service, challenge->scope};
}

Result<http::Response> Proof::ask_by_get(const TokenSource& source,
                                         const SecretString& credential) {
  std::string target = source.endpoint.target;
  const auto add = [&target](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    target += target.find('?') == std::string::npos ? '?' : '&';
    target += fmt::format("{}={}", name, http::percent_encode(value));
  };
  add("service", source.service);
  add("scope", source.scope);
  return send(source.who, source.endpoint.origin, authorization("Basic", credential.reveal()),
              ask_json(Method::kGet, std::move(target)));
}

Result<http::Response> Proof::ask_by_post(const TokenSource& source) {
  auto question = ask_json(Method::kPost, source.endpoint.target);
  question.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  const SecretString form = encode_form({{"grant_type", "password"},
                                         {"service", source.service},
                                         {"scope", source.scope},
                                         {"client_id", kClientId},
                                         {"username", login_.username},
                                         {"password", login_.password.reveal()}});
  question.body = form.reveal();
  return send(source.who, source.endpoint.origin, std::nullopt, std::move(question));
}

Result<SecretString> Proof::token(const TokenSource& source) {
  constexpr int kNotFound = 404;
  constexpr int kMethodNotAllowed = 405;
  const SecretString credential = basic_credential(login_);
  auto answer = ask_by_get(source, credential);
  if (answer && (answer->status == kNotFound || answer->status == kMethodNotAllowed)) {
    answer = ask_by_post(source);
  }
  if (!answer) return tl::unexpected(std::move(answer.error()));
  const BodyWiper wiper(*answer);
  return read_registry_token(source.who, *answer, {login_.password.reveal(), credential.reveal()});
}

/// As containerd does: the login with each request, and only to the registry itself.
Result<void> Proof::run_basic(const std::optional<ImageName>& image) {
  const SecretString credential = basic_credential(login_);
  const auto answer = send(host_, "https://" + server_, authorization("Basic", credential.reveal()),
                           ask_json(Method::kGet, "/v2/"));
  if (!answer) return tl::unexpected(answer.error());
  if (!is_success(answer->status)) {
    return tl::unexpected(
        refusal_of(host_, *answer, {login_.password.reveal(), credential.reveal()}));
  }
  if (!image) return {};
  return head(*image, authorization("Basic", credential.reveal()), credential);
}

Result<void> Proof::head(const ImageName& image, SecretString authorization,
                         const SecretString& secret) {
  const std::string target = fmt::format("/v2/{}/manifests/{}", image.repository, image.reference);
  const auto answer = send(host_, "https://" + server_, std::move(authorization),
                           request(Method::kHead, target, kManifests));
  if (!answer) return tl::unexpected(answer.error());
  if (is_success(answer->status)) return {};
  const std::string name = image.repository +
                           (image.reference.find(':') == std::string::npos ? ":" : "@") +
                           image.reference;
  auto refusal = refusal_of(host_, *answer, {secret.reveal()});
  const auto policy = [&](std::string_view what) {
    refusal.kind = Kind::kPolicy;
    refusal.message = fmt::format("{}: {} {} {}", host_, answer->status, what, name);
  };
  switch (answer->status) {
    case 401:
    case 403:
      policy("the login is good, but may not pull");
      break;
    case 404:
      policy("there is no such image, or not for this login:");
      break;
    default:
      refusal.kind = Kind::kUnknown;
  }
  return tl::unexpected(std::move(refusal));
}

Result<void> Proof::run(const std::optional<ImageName>& image) {
  auto found = discover();
  if (!found) return tl::unexpected(std::move(found.error()));
  auto& source = *found;
  if (!source) return run_basic(image);
  if (image) source->scope = fmt::format("repository:{}:pull", image->repository);
  const auto issued = token(*source);
  if (!issued) return tl::unexpected(issued.error());
  if (!image) return {};
  return head(*image, authorization("Bearer", issued->reveal()), *issued);
}

/// [a-z0-9]+ with ".", "_", "__" or dashes in between.
bool is_path_component(std::string_view text) {
  const auto solid = [](char c) { return icr::is_lower(c) || icr::is_digit(c); };
  if (text.empty() || !solid(text.front()) || !solid(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const std::size_t end = solid(c) ? i + 1 : std::min(text.find_first_not_of(c, i), text.size());
    const std::size_t run = end - i;
    const bool fine = solid(c) || c == '-' || (c == '.' && run == 1) || (c == '_' && run <= 2);
    if (!fine || (!solid(c) && !solid(text[end]))) return false;
    i = end;
  }
  return true;
}

bool is_repository(std::string_view text) {
  constexpr std::size_t kLongest = 255;
  if (text.size() > kLongest) return false;
  while (true) {
    const std::size_t slash = text.find('/');
    if (!is_path_component(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_tag(std::string_view text) {
  constexpr std::size_t kLongest = 128;
  const auto word = [](char c) {
    return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) || c == '_';
  };
  return !text.empty() && text.size() <= kLongest && word(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return word(c) || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  constexpr std::string_view kSha256 = "sha256:";
  constexpr std::size_t kHexDigits = 64;
  return text.starts_with(kSha256) && text.size() == kSha256.size() + kHexDigits &&
         text.find_first_not_of("0123456789abcdef", kSha256.size()) == std::string_view::npos;
}

}  // namespace

std::optional<ImageReference> parse_image_reference(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto host = text.substr(0, slash);
  if (icr::check_host(host)) return std::nullopt;
  auto rest = text.substr(slash + 1);
  std::string_view digest;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    digest = rest.substr(at + 1);
    if (!is_digest(digest)) return std::nullopt;
    rest = rest.substr(0, at);
  }
  std::string_view tag = "latest";
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  if (!is_repository(rest) || !is_tag(tag)) return std::nullopt;
  return ImageReference{std::string(host),
                        {std::string(rest), std::string(digest.empty() ? tag : digest)}};
}

Result<void> RegistryProbe::prove(const std::string& host, const icr::Login& login,
                                  const std::optional<ImageName>& image,
                                  const std::stop_token& stop) const {
  return Proof(connect_, host, login, stop).run(image);
}

}  // namespace icrps::iam
