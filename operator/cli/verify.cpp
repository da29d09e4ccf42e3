#include "cli/verify.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <memory>
#include <optional>
#include <set>

#include "cli/exit_codes.hpp"
#include "cli/options.hpp"
#include "cli/outside.hpp"
#include "cli/session.hpp"
#include "cli/setup.hpp"
#include "cli/table.hpp"
#include "credentials/prover.hpp"
#include "credentials/source_factory.hpp"

namespace icrps::cli {
namespace {

using credentials::KeeperKind;

struct VerifyOptions : CommonOptions {
  std::string credential;          ///< empty: all
  std::vector<std::string> hosts;  ///< empty: those that the credential is for
  std::string image;               ///< "us.icr.io/team/app:1": proved to be pullable; or empty
};

struct Report {
  std::vector<Row> rows{{"CREDENTIAL", "SOURCE", "AT", "RESULT", "DETAIL"}};
  bool good = true;

  void add(const std::string& credential, const std::string& source, const std::string& at,
           const std::string& result, const std::string& detail = {}) {
    rows.push_back({credential, source, at, result, detail});
    if (result != "ok") good = false;
  }
  void add(const std::string& credential, const std::string& source, const std::string& at,
           const iam::Refusal& refusal) {
    add(credential, source, at, std::string(iam::to_string(refusal.kind)), refusal.message);
  }
};

/// What the source's Secret holds; for a source without one, nothing but an empty value.
tl::expected<SecretString, std::string> read_input(Session& session, const KeeperKind& kind) {
  if (!kind.secret) return SecretString();
  const auto reply = session.client.get({"secrets", session.own_namespace, kind.secret->name});
  if (!reply) return tl::unexpected(reply.error().message);
  auto value = credentials::read_secret(*reply, kind.secret->key, kind.parse);
  if (!value) {
    return tl::unexpected(fmt::format("Secret {} {}", kind.secret->name, value.error().what));
  }
  return std::move(value->value);
}

/// The hosts that a credential is asked at: those named on the command line, else those of its own
/// limits, else every public one.
icr::Hosts hosts_of(const config::Credential& credential, const config::Config& config,
                    const VerifyOptions& options) {
  if (!options.hosts.empty()) {
    return plan::served_hosts(credential.limits, {options.hosts.begin(), options.hosts.end()});
  }
  const auto all = config.regions.select("all", config.endpoints);
  return plan::served_hosts(credential.limits, all.value_or(icr::Hosts{}));
}

bool knows(const config::Config& config, const std::string& credential) {
  return std::any_of(config.credentials.begin(), config.credentials.end(),
                     [&](const config::Credential& one) { return one.name == credential; });
}

/// That host, if the credential is for it: no other login is any of its business.
icr::Hosts only_of(const config::Credential& credential, const std::string& host) {
  const auto served = plan::served_hosts(credential.limits, {host});
  return served.contains(host) ? icr::Hosts{host} : icr::Hosts{};
}

class Verifier {
 public:
  Verifier(Session& session, const Outside& outside, const VerifyOptions& options,
           std::optional<iam::ImageReference> image)
      : session_(session), outside_(outside), options_(options), image_(std::move(image)) {}

  void verify(const config::Credential& credential, const KeeperKind& kind) {
    const auto input = read_input(session_, kind);
    if (!input) {
      report_.add(credential.name, kind.name, "source", "invalid", input.error());
      return;
    }
    const auto fresh = kind.mint(*input, {});
    if (!fresh) {
      report_.add(credential.name, kind.name, "iam", fresh.error());
      return;
    }
    if (kind.name != "basic") {
      report_.add(credential.name, kind.name, "iam", "ok", road_to(session_.config.iam.origin));
    }
    prove(credential, kind, fresh->login);
  }

  /// Whether the keys of a `serviceId` can be made and deleted: the manager must be able to log in
  /// at IAM, and be allowed to look at the keys.
  void verify_manager(const std::string& credential, const config::ServiceIdSource& source) {
    constexpr auto kSource = "serviceId";
    constexpr auto kAt = "manager";
    auto& iam = *outside_.iam;
    const auto kind = credentials::manager_kind(source, iam);
    const auto input = read_input(session_, kind);
    if (!input) return report_.add(credential, kSource, kAt, "invalid", input.error());
    const auto token = kind.mint(*input, {});
    if (!token) return report_.add(credential, kSource, kAt, token.error());
    const auto keys = iam.list_keys(token->login.password, source.iam_id, source.account_id, {});
    if (keys) {
      return report_.add(credential, kSource, kAt, "ok", road_to(session_.config.iam.origin));
    }
    auto refusal = keys.error();
    refusal.message.insert(0, "listing the API keys: ");
    report_.add(credential, kSource, kAt, refusal);
  }

  Report& report() { return report_; }

 private:
  void prove(const config::Credential& credential, const KeeperKind& kind,
             const icr::Login& login) {
    auto hosts = hosts_of(credential, session_.config, options_);
    auto image = image_;
    if (!image) image = iam::parse_image_reference(credential.probe_image);
    if (options_.hosts.empty() && image_) hosts = only_of(credential, image_->host);
    if (image && !hosts.contains(image->host)) image.reset();
    const credentials::Question question{login, hosts, image};
    for (const auto& [host, answer] : credentials::ask(outside_.registries, question, {})) {
      const bool here = image && image->host == host;
      const auto at = here ? fmt::format("{}/{}", host, image->image.repository) : host;
      if (answer) {
        report_.add(credential.name, kind.name, at, "ok", road_to("https://" + host));
      } else {
        report_.add(credential.name, kind.name, at, answer.error());
      }
    }
  }

  /// By which road it was asked; refusals tell by themselves.
  [[nodiscard]] std::string road_to(const std::string& origin) const {
    if (!outside_.rules.proxy) return {};
    const auto proxy = outside_.rules.for_origin(origin);
    return proxy ? "by proxy " + proxy->address() : "without the proxy";
  }

  Session& session_;
  const Outside& outside_;
  const VerifyOptions& options_;
  const std::optional<iam::ImageReference> image_;
  Report report_;
};

int verify_all(Session& session, const VerifyOptions& options) {
  auto image = iam::parse_image_reference(options.image);
  if (!options.image.empty() && !image) {
    complain("--image " + options.image + ": accepted: HOST/NAMESPACE/NAME:TAG or …@sha256:…");
    return kUsage;
  }
  if (!options.credential.empty() && !knows(session.config, options.credential)) {
    complain("--credential " + options.credential + ": there is none of that name in " +
             options.config_file);
    return kUsage;
  }
  const auto outside = roads_outside(session.config, {[](auto, auto) {}});
  if (!outside) {
    complain(outside.error());
    return kUsage;
  }
  Verifier verifier(session, *outside, options, std::move(image));
  for (const auto& credential : session.config.credentials) {
    if (!options.credential.empty() && credential.name != options.credential) continue;
    const auto kind = credentials::keeper_kind(credential, *outside->iam);
    if (const auto* source = std::get_if<config::ServiceIdSource>(&credential.source)) {
      verifier.verify_manager(credential.name, *source);
    }
    verifier.verify(credential, kind);
  }
  fmt::print("{}", format_table(verifier.report().rows));
  return verifier.report().good ? kOk : kNotGood;
}

std::vector<Option> verify_options(VerifyOptions& options) {
  return with_common(options,
                     {{.names = "--credential",
                       .value = "NAME",
                       .help = "Only this one",
                       .target = &options.credential},
                      {.names = "--host",
                       .value = "HOST",
                       .help = "Only at this registry host (repeat; default: those it is for)",
                       .target = &options.hosts},
                      {.names = "--image",
                       .value = "IMAGE",
                       .help = "Also prove that this image can be pulled: us.icr.io/team/app:1",
                       .target = &options.image}});
}

}  // namespace

Command verify_command() {
  const auto options = std::make_shared<VerifyOptions>();
  return {.name = "verify",
          .summary = "Prove each credential at IAM and at each registry",
          .synopsis = "--config FILE [--credential NAME] [--host HOST]… [--image IMAGE] …",
          .options = verify_options(*options),
          .examples = {{"icr-pull-secrets verify --config config.yaml --credential default --image "
                        "us.icr.io/team/app:1",
                        "whether one credential can pull one image"}},
          .exit_codes = {{kOk, "all of them work"},
                         {kFailure, "the API server refuses or does not answer"},
                         {kUsage, "the command line, the configuration or the kubeconfig is wrong"},
                         {kNotGood, "one does not work, or could not be asked"}},
          .work = [options] {
            return with_session(*options,
                                [&](Session& session) { return verify_all(session, *options); });
          }};
}

}  // namespace icrps::cli
