#include <fmt/core.h>
#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/exit_codes.hpp"
#include "cli/provision/caller.hpp"
#include "cli/provision/provision.hpp"
#include "cli/setup.hpp"
#include "icr/regions.hpp"
#include "provision/pure/marks.hpp"
#include "provision/pure/removal.hpp"
#include "provision/pure/words.hpp"
#include "provision/source_secret.hpp"

namespace icrps::cli {
namespace {

using provision::Removal;

struct DeprovisionOptions : KeyOptions, ClusterOptions {
  std::string name;
  bool dry_run = false;
};

class Deprovisioning {
 public:
  Deprovisioning(const DeprovisionOptions& options, Caller& caller)
      : options_(options), caller_(caller), cluster_(options) {}

  int run();

 private:
  int remove_marked(iam::IdentityKind kind, const std::string& name);
  int remove_all_of(const iam::Identity& identity);
  /// Nothing: done. Otherwise why not.
  std::string remove(const Removal& removal, const iam::Identity& identity);
  std::string remove_secret(const provision::SecretPlace& place, const std::string& name);
  void tell(const std::string& line);
  int fail(const std::string& why, int code);

  const DeprovisionOptions& options_;
  Caller& caller_;
  ClusterRoad cluster_;
  std::vector<std::string> lines_;
  std::vector<std::string> left_;
};

void Deprovisioning::tell(const std::string& line) {
  lines_.push_back(line);
  if (options_.output == "table") fmt::print("{}\n", line);
}

int Deprovisioning::fail(const std::string& why, int code) {
  left_.push_back(why);
  complain(why);
  return code;
}

/// A Secret that could not be deleted holds a key that is about to end: it is
/// told, and holds up nothing.
std::string Deprovisioning::remove_secret(const provision::SecretPlace& place,
                                          const std::string& name) {
  const auto left = [&](const std::string& why) {
    const auto text = fmt::format("Secret {}/{} stays: {}", place.ns, place.name, why);
    left_.push_back(text);
    complain(text);
  };
  if (cluster_.client() == nullptr) return left(cluster_.why_not()), "";
  provision::SourceSecret secret(*cluster_.client(), {place.ns, place.name});
  const auto uid = secret.namespace_uid();
  if (!uid) return left(uid.error()), "";
  if (*uid != place.ns_uid) return left("it is in another cluster"), "";
  const auto content = secret.read();
  if (!content) return left(content.error()), "";
  if (!content->exists) return "";
  if (content->name != name) return left("it is not marked as made for " + name), "";
  if (options_.dry_run) return "";
  const auto removed = secret.remove();
  return removed ? "" : removed.error();
}

std::string Deprovisioning::remove(const Removal& removal, const iam::Identity& identity) {
  const auto why = [](const provision::Account::Result<void>& done) {
    return done ? std::string() : done.error();
  };
  if (removal.kind == Removal::Kind::kSecret) return remove_secret(removal.secret, identity.name);
  if (options_.dry_run) return "";
  switch (removal.kind) {
    case Removal::Kind::kPolicy:
      return why(caller_.account.delete_policy(removal.id));
    case Removal::Kind::kKey:
      return why(caller_.account.delete_key(removal.id));
    default:
      return why(caller_.account.delete_identity(identity));
  }
}

int Deprovisioning::remove_all_of(const iam::Identity& identity) {
  if (identity.locked) {
    return fail(fmt::format("the service ID {} ({}) is locked. Unlock it: ibmcloud iam "
                            "service-id-unlock {}",
                            identity.name, identity.id, identity.id),
                kNotGood);
  }
  const auto policies = caller_.account.policies({identity.iam_id, {}});
  if (!policies) return fail(policies.error(), kFailure);
  std::vector<iam::KeyInfo> keys;
  if (identity.kind == iam::IdentityKind::kServiceId) {
    auto listed = caller_.account.api_keys(identity);
    if (!listed) return fail(listed.error(), kFailure);
    keys = std::move(*listed);
  }
  for (const auto& removal : provision::removals_of(identity, *policies, keys)) {
    if (const auto why = remove(removal, identity); !why.empty()) return fail(why, kFailure);
    tell(describe(removal, identity));
  }
  return kOk;
}

int Deprovisioning::remove_marked(iam::IdentityKind kind, const std::string& name) {
  const auto identities = caller_.account.identities(kind, name);
  if (!identities) return fail(identities.error(), kFailure);
  int code = kOk;
  for (const auto& identity : *identities) {
    if (provision::marked_name(identity.description) == name) {
      code = std::max(code, remove_all_of(identity));
      continue;
    }
    code = std::max(code, fail(fmt::format("the {} {} ({}) was not made by this program, and stays",
                                           iam::to_string(kind), name, identity.id),
                               kNotGood));
  }
  return code;
}

int Deprovisioning::run() {
  // The manager first: it could make new keys.
  int code = remove_marked(iam::IdentityKind::kServiceId, options_.name + "-manager");
  code = std::max(code, remove_marked(iam::IdentityKind::kServiceId, options_.name));
  code = std::max(code, remove_marked(iam::IdentityKind::kTrustedProfile, options_.name));
  if (options_.output == "json") {
    const nlohmann::ordered_json report{
        {"name", options_.name}, {"dryRun", options_.dry_run}, {"steps", lines_}, {"left", left_}};
    fmt::print("{}\n",
               report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else if (lines_.empty() && left_.empty()) {
    fmt::print("nothing of {} is there\n", options_.name);
  }
  return code == kOk && !left_.empty() ? kNotGood : code;
}

int deprovision(const DeprovisionOptions& options) {
  if (!provision::is_provision_name(options.name)) {
    complain("NAME: accepted: 1 to 50 lower-case letters, digits and inner hyphens");
    return kUsage;
  }
  const auto regions = icr::RegionTable::builtin();
  return with_caller(options, regions,
                     [&](Caller& caller) { return Deprovisioning(options, caller).run(); });
}

std::vector<Option> deprovision_options(DeprovisionOptions& options) {
  std::vector<Option> all{{.names = "NAME",
                           .help = "The one that was given to provision",
                           .target = &options.name,
                           .required = true},
                          {.names = "--dry-run",
                           .help = "Only show what would be taken away",
                           .target = &options.dry_run}};
  for (auto& option : cluster_options(options)) all.push_back(std::move(option));
  return with_key(options, std::move(all));
}

}  // namespace

Command deprovision_command() {
  const auto options = std::make_shared<DeprovisionOptions>();
  options->timeout = "2m";
  return {.name = "deprovision",
          .summary = "Take away what provision made for a NAME",
          .synopsis = "NAME [--dry-run] KEY …",
          .options = deprovision_options(*options),
          .examples = {{"icr-pull-secrets deprovision cluster-1 --dry-run", "what would go"}},
          .exit_codes = {{kOk, "nothing of it is left"},
                         {kFailure, "IAM or the cluster failed; run it again"},
                         {kUsage, "the command line, the API key's place or client.yaml is wrong"},
                         {kNotGood, "the API key is refused, or something stays, and why"}},
          .work = [options] { return deprovision(*options); }};
}

}  // namespace icrps::cli
