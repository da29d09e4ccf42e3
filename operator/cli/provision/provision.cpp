#include "cli/provision/provision.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <memory>
#include <optional>

#include "cli/exit_codes.hpp"
#include "cli/options.hpp"
#include "cli/provision/caller.hpp"
#include "cli/provision/options.hpp"
#include "cli/provision/report.hpp"
#include "cli/setup.hpp"
#include "provision/pure/words.hpp"
#include "provision/run.hpp"

namespace icrps::cli {
namespace {

using provision::Wish;

constexpr std::string_view kPullAction = "container-registry.image.pull";
constexpr std::string_view kIdentityService = "iam-identity";

/// One command: its runs, one after the other, and what they found.
class Provisioning {
 public:
  Provisioning(const ProvisionOptions& options, const ProvisionRequest& request, Caller& caller)
      : options_(options), request_(request), caller_(caller) {}

  int run();

 private:
  [[nodiscard]] tl::expected<std::vector<provision::Grant>, std::string> registry_grants();
  [[nodiscard]] tl::expected<provision::Grant, std::string> manager_grant(
      const std::string& service_id);
  [[nodiscard]] Wish wish_of(std::string name, std::vector<provision::Grant> grants) const;
  /// The one identity that pulls, with its Secret or its link.
  int provide();
  /// The identity that pulls, whose keys another one makes.
  int provide_with_manager();
  /// kOk: it came to its end.
  int follow(Wish wish, provision::SourceSecret* secret, ProvisionReport blank);
  [[nodiscard]] tl::expected<provision::SecretPlace, std::string> place_secret();
  void prove(ProvisionReport& report, const std::optional<SecretString>& key);
  int fail(const std::string& why, int code = kFailure);
  int finish(int code);

  const ProvisionOptions& options_;
  const ProvisionRequest& request_;
  Caller& caller_;
  std::unique_ptr<ClusterRoad> cluster_;
  std::unique_ptr<provision::SourceSecret> secret_;
  std::vector<ProvisionReport> reports_;
};

int Provisioning::fail(const std::string& why, int code) {
  complain(why);
  return code;
}

tl::expected<std::vector<provision::Grant>, std::string> Provisioning::registry_grants() {
  const auto service = std::string(provision::kRegistryService);
  const auto role = caller_.account.role(service, request_.role, std::string(kPullAction));
  if (!role) return tl::unexpected(role.error());
  std::vector<provision::Grant> grants;
  for (const auto& place : request_.places) {
    grants.push_back({provision::attributes_of(place, caller_.account.id()),
                      {*role},
                      fmt::format("{} on {}", request_.role, to_string(place))});
  }
  return grants;
}

tl::expected<provision::Grant, std::string> Provisioning::manager_grant(
    const std::string& service_id) {
  const auto service = std::string(kIdentityService);
  const auto role = caller_.account.role(service, "Operator", {});
  if (!role) return tl::unexpected(role.error());
  return provision::Grant{{{"accountId", caller_.account.id()},
                           {"serviceName", service},
                           {"resourceType", "serviceid"},
                           {"resource", service_id}},
                          {*role},
                          "Operator on the service ID " + service_id};
}

Wish Provisioning::wish_of(std::string name, std::vector<provision::Grant> grants) const {
  Wish wish;
  wish.name = std::move(name);
  wish.grants = std::move(grants);
  wish.prune = options_.prune;
  wish.force = options_.force;
  return wish;
}

tl::expected<provision::SecretPlace, std::string> Provisioning::place_secret() {
  cluster_ = std::make_unique<ClusterRoad>(options_);
  if (cluster_->client() == nullptr) return tl::unexpected(cluster_->why_not());
  secret_ = std::make_unique<provision::SourceSecret>(*cluster_->client(), *request_.secret);
  auto uid = secret_->namespace_uid();
  if (!uid) return tl::unexpected(uid.error());
  return provision::SecretPlace{std::move(*uid), request_.secret->ns, request_.secret->name};
}

void Provisioning::prove(ProvisionReport& report, const std::optional<SecretString>& key) {
  if (!key) return;
  provision::Prover prover(caller_.iam, caller_.registries, caller_.connect, caller_.regions,
                           caller_.account.id(), caller_.waiting);
  report.proofs = prover.prove(*key, request_.places, request_.images);
}

int Provisioning::follow(Wish wish, provision::SourceSecret* secret, ProvisionReport blank) {
  auto& report = reports_.emplace_back(std::move(blank));
  report.account = caller_.account.id();
  report.wish = wish;
  report.dry_run = options_.dry_run;
  const bool table = options_.output == "table";
  provision::Run run(caller_.account, std::move(wish), secret, [&](const std::string& line) {
    report.lines.push_back(line);
    if (table) fmt::print("{}\n", line);
  });
  auto done = run.look();
  if (done && options_.dry_run) {
    const auto& held = run.held();
    const auto preview = provision::preview(report.wish, held);
    for (const auto& step : preview.steps) {
      if (step.kind == provision::Step::Kind::kClaimSecret) continue;
      report.lines.push_back(describe(step, report.wish, held));
      if (table) fmt::print("{}\n", report.lines.back());
    }
    report.stopped = preview.blocked;
  } else if (done) {
    done = run.converge();
  }
  report.held = run.held();
  if (!done) report.stopped = done.error().why;
  if (!report.stopped.empty()) {
    complain(report.stopped);
    const bool to_decide = done || done.error().blocked;
    return to_decide ? kNotGood : kFailure;
  }
  if (!options_.dry_run && report.manages.empty()) prove(report, run.key());
  return kOk;
}

int Provisioning::provide() {
  auto grants = registry_grants();
  if (!grants) return fail(grants.error());
  auto wish = wish_of(request_.name, std::move(*grants));
  if (request_.link) {
    wish.kind = iam::IdentityKind::kTrustedProfile;
    wish.link = request_.link;
  }
  if (request_.secret) {
    auto place = place_secret();
    if (!place) return fail(place.error());
    wish.secret = std::move(*place);
  }
  return follow(std::move(wish), secret_.get(), {});
}

int Provisioning::provide_with_manager() {
  auto grants = registry_grants();
  if (!grants) return fail(grants.error());
  const auto place = place_secret();
  if (!place) return fail(place.error());
  ProvisionReport blank;
  blank.managed = true;
  auto pulls = wish_of(request_.name, std::move(*grants));
  if (const int code = follow(std::move(pulls), nullptr, blank); code != kOk) return code;
  const auto& puller = reports_.back();
  const auto* identity = provision::ours(puller.wish, puller.held);
  // In a dry run it need not exist yet.
  const auto id = identity != nullptr ? identity->id : "of " + request_.name;
  const auto grant = manager_grant(id);
  if (!grant) return fail(grant.error());
  auto wish = wish_of(request_.name + "-manager", {*grant});
  wish.secret = *place;
  ProvisionReport managing;
  managing.manages_name = request_.name;
  managing.manages = id;
  return follow(std::move(wish), secret_.get(), std::move(managing));
}

int Provisioning::finish(int code) {
  if (options_.output == "json") {
    fmt::print("{}", provision_json(reports_));
  } else {
    for (const auto& report : reports_) fmt::print("{}", provision_text(report));
  }
  const bool refused = std::any_of(reports_.begin(), reports_.end(), [](const auto& report) {
    return std::any_of(report.proofs.begin(), report.proofs.end(), [](const auto& proof) {
      return proof.result == provision::Proof::Result::kRefused;
    });
  });
  return code == kOk && refused ? kNotGood : code;
}

int Provisioning::run() {
  return finish(request_.manager ? provide_with_manager() : provide());
}

int provision_all(const ProvisionOptions& options) {
  const auto regions = icr::RegionTable::builtin();
  const auto request = read_request(options, regions);
  if (!request) {
    complain(request.error());
    return kUsage;
  }
  return with_caller(options, regions,
                     [&](Caller& caller) { return Provisioning(options, *request, caller).run(); });
}

/// What is to be there.
std::vector<Option> wish_options(ProvisionOptions& options) {
  return {{.names = "NAME",
           .help = "What all of it is called: the service ID, and the mark by "
                   "which it is found again",
           .target = &options.name,
           .required = true},
          {.names = "--allow",
           .value = "REGISTRY_NAMESPACE[@REGION]",
           .help = "What may be pulled (repeat): a registry namespace in one "
                   "region, or in all",
           .target = &options.allow,
           .required = true},
          {.names = "--role",
           .value = "ROLE",
           .help = "reader (default: pulls) or writer (pushes, too)",
           .target = &options.role,
           .accepted = {"reader", "writer"}},
          {.names = "--secret",
           .value = "NS/NAME",
           .help = "The Secret for the API key, made if it does not exist; "
                   "without it no key is made",
           .target = &options.secret},
          {.names = "--manager",
           .help = "Make no key for the service ID but a second one, "
                   "NAME-manager, that may make and "
                   "delete the first one's keys; --secret is for its key",
           .target = &options.manager}};
}

/// What is to be there without a key.
std::vector<Option> profile_options(ProvisionOptions& options) {
  return {{.names = "--trusted-profile",
           .help = "A trusted profile instead of a service ID: no key anywhere",
           .target = &options.trusted_profile},
          {.names = "--cluster",
           .value = "CRN",
           .help = "The cluster whose operator may log in to the trusted profile",
           .target = &options.cluster},
          {.names = "--cluster-type",
           .value = "TYPE",
           .help = "iks (default) or roks",
           .target = &options.cluster_type,
           .accepted = {"iks", "roks"}},
          {.names = "--service-account",
           .value = "NS/NAME",
           .help = "The operator's (default: " + options.service_account + ")",
           .target = &options.service_account}};
}

/// How it is done.
std::vector<Option> manner_options(ProvisionOptions& options) {
  return {{.names = "--image",
           .value = "IMAGE",
           .help = "Prove with this image (repeat); otherwise one is looked up",
           .target = &options.images},
          {.names = "--prune",
           .help = "Take away policies that are not asked for, and keys that were "
                   "in the Secret before",
           .target = &options.prune},
          {.names = "--force",
           .help = "Change policies that have other roles, and replace somebody "
                   "else's key in the "
                   "Secret",
           .target = &options.force},
          {.names = "--dry-run", .help = "Only show what would change", .target = &options.dry_run},
          {.names = "-n,--namespace",
           .value = "NS",
           .help = "That of --secret NAME",
           .target = &options.ns}};
}

std::vector<Option> provision_options(ProvisionOptions& options) {
  auto all = wish_options(options);
  for (auto& option : profile_options(options)) all.push_back(std::move(option));
  for (auto& option : manner_options(options)) all.push_back(std::move(option));
  for (auto& option : cluster_options(options)) all.push_back(std::move(option));
  return with_key(options, std::move(all));
}

}  // namespace

Command provision_command() {
  const auto options = std::make_shared<ProvisionOptions>();
  options->timeout = "2m";
  return {.name = "provision",
          .summary =
              "Make what pulls need at IBM: service ID, policies, API key "
              "and its Secret",
          .synopsis =
              "NAME --allow REGISTRY_NAMESPACE[@REGION]… [--role "
              "reader|writer] [--secret "
              "NS/NAME] [--manager] [--trusted-profile --cluster CRN "
              "[--cluster-type iks|roks] "
              "[--service-account NS/NAME]] [--image IMAGE]… [--prune] "
              "[--force] [--dry-run] [-n NS] KEY …",
          .options = provision_options(*options),
          .examples = {{"icr-pull-secrets provision cluster-1 --allow team@us-south "
                        "--secret "
                        "icr-pull-secrets/icr-api-key --apikey-file key.txt --dry-run",
                        "what would change"},
                       {"icr-pull-secrets provision builds --role writer --allow "
                        "team@us-south --secret "
                        "icr-pull-secrets/icr-builds",
                        "for builds that push; asks for your API key"},
                       {"icr-pull-secrets provision keyless --allow team@eu-de "
                        "--trusted-profile --cluster "
                        "crn:v1:…",
                        "a trusted profile for the operator, without any key"}},
          .exit_codes = {{kOk, "all of it is there; for a dry run, can be made"},
                         {kFailure, "IAM, the registry or the cluster failed; run it again"},
                         {kUsage, "the command line, the API key's place or client.yaml is wrong"},
                         {kNotGood,
                          "the API key is refused, a person must decide something, "
                          "or a place is not proved"}},
          .work = [options] { return provision_all(*options); }};
}

}  // namespace icrps::cli
