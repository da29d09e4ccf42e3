#include "diagnosis/gap.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "icr/regions.hpp"
#include "plan/names.hpp"

namespace icrps::diagnosis {
namespace {

using std::string;

/// What an annotation would say to get this host: the region's id, or for the
/// other names of a region the host itself.
string region_word(const icr::RegionTable& table, const string& host) {
  for (const auto& [id, region] : table.regions()) {
    if (region.host == host) return id;
  }
  return host;
}

string annotate(const GapFacts& facts, std::string_view annotation, const string& value) {
  return fmt::format("kubectl annotate namespace {} --overwrite '{}={}'", facts.ns->name,
                     annotation, value);
}

string restart(const GapFacts& facts) {
  return fmt::format("kubectl rollout restart -n {} deployment/NAME, or delete the pod",
                     facts.ns->name);
}

bool names(const std::vector<string>& list, const string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

GapReport not_opted_in(const GapFacts& facts) {
  const auto region = region_word(facts.rules.regions, facts.host);
  return {Gap::kNotOptedIn,
          fmt::format("namespace {} does not ask for pull secrets: it has no "
                      "annotation {}{}",
                      facts.ns->name, plan::kRegions,
                      facts.rules_known ? ""
                                        : " (and the operator's configuration, which may opt "
                                          "it in, could not be read)"),
          annotate(facts, plan::kRegions, region)};
}

GapReport region_not_asked_for(const GapFacts& facts) {
  const auto found = facts.ns->annotations.find(string(plan::kRegions));
  const string before = found == facts.ns->annotations.end() ? "" : found->second;
  const auto region = region_word(facts.rules.regions, facts.host);
  return {Gap::kRegionNotAskedFor,
          fmt::format("annotation {} of namespace {} says {}, which does not mean {}",
                      plan::kRegions, facts.ns->name, icr::quoted(before), facts.host),
          annotate(facts, plan::kRegions,
                   before.empty() || before == "none" ? region : before + "," + region)};
}

/// The credentials that the namespace asks for, of those that the configuration
/// has.
std::vector<const CredentialView*> asked_for(const GapFacts& facts, const plan::Wish& wish) {
  std::vector<const CredentialView*> result;
  for (const auto& credential : facts.credentials) {
    const bool ours = credential.copy && credential.copy->ours;
    if (plan::asks_for(wish, credential.name, ours)) result.push_back(&credential);
  }
  return result;
}

bool serves_path(const plan::Limits& limits, const string& repository) {
  const auto& allowed = limits.registry_namespaces;
  return allowed.empty() || std::any_of(allowed.begin(), allowed.end(), [&](const string& name) {
           return repository.starts_with(name + "/");
         });
}

/// Narrows `candidates` down; false: none is left.
template <class Keep>
bool keep(std::vector<const CredentialView*>& candidates, const Keep& wanted) {
  std::erase_if(candidates, [&wanted](const auto* credential) { return !wanted(*credential); });
  return !candidates.empty();
}

GapReport limited(const GapFacts& facts, Gap gap, const string& what) {
  return {gap, fmt::format("no credential that namespace {} asks for {}", facts.ns->name, what),
          "ask whoever runs icr-pull-secrets (limits of `credentials` in its "
          "configuration), or ask "
          "for another credential with the annotation " +
              string(plan::kCredentials)};
}

GapReport waiting(const GapFacts& facts, const string& what) {
  if (facts.operator_state == OperatorState::kStopped) {
    return {Gap::kOperatorNotRunning,
            what +
                ", and the operator is not running: its Deployment has no "
                "pod that is ready",
            fmt::format("kubectl get deployments,pods -n {} -l "
                        "app.kubernetes.io/name=icr-pull-secrets",
                        facts.rules.own_namespace)};
  }
  return {Gap::kPending, what,
          fmt::format("kubectl get events -n {} --field-selector "
                      "involvedObject.kind=Namespace",
                      facts.ns->name)};
}

GapReport account_not_served(const GapFacts& facts, const string& secret) {
  return {Gap::kAccountNotServed,
          fmt::format("pods of service account {} do not get Secret {}: "
                      "annotation {} of namespace "
                      "{} does not name that account",
                      facts.account, secret, plan::kServiceAccounts, facts.ns->name),
          annotate(facts, plan::kServiceAccounts,
                   facts.account == "default" ? "default" : "default," + facts.account)};
}

/// The copy is there and right: how does the pod come to it?
GapReport from_copy_to_pod(const GapFacts& facts, const plan::Wish& wish, const string& secret) {
  if (names(facts.pod_secrets, secret)) {
    return waiting(facts,
                   fmt::format("Secret {} names {} and holds no entry for it", secret, facts.host));
  }
  if (!facts.account_secrets) return {};
  if (names(*facts.account_secrets, secret)) {
    if (!facts.pod_secrets.empty() &&
        !std::all_of(facts.pod_secrets.begin(), facts.pod_secrets.end(),
                     [&](const auto& name) { return names(*facts.account_secrets, name); })) {
      return {Gap::kPodsOwnList,
              fmt::format("the pod lists imagePullSecrets of its own, so that "
                          "it does not get those "
                          "of service account {}",
                          facts.account),
              fmt::format("add {} to imagePullSecrets of the pod's template, "
                          "or remove the list",
                          secret)};
    }
    return {Gap::kPodTooOld,
            fmt::format("service account {} names Secret {} now, but the pod "
                        "was created before and "
                        "does not get it any more",
                        facts.account, secret),
            restart(facts)};
  }
  const auto& served = wish.service_accounts;
  if (served && !plan::selects(*served, facts.account)) return account_not_served(facts, secret);
  return waiting(
      facts, fmt::format("service account {} does not name Secret {} yet", facts.account, secret));
}

/// The Secret is not the operator's.
GapReport conflict(const GapFacts& facts, const plan::CopyFacts& copy, const string& secret) {
  const auto where = fmt::format("Secret {} in namespace {}", secret, facts.ns->name);
  if (!copy.other_installation.empty()) {
    return {Gap::kConflict,
            fmt::format("{} is that of another installation, in namespace {}", where,
                        icr::quoted(copy.other_installation)),
            fmt::format("let one of the two serve the namespace; to look with the other: "
                        "--operator-namespace {}",
                        icr::quoted(copy.other_installation))};
  }
  if (!copy.other_namespace.empty()) {
    return {Gap::kConflict,
            fmt::format("{} is a copy of the one that was made for namespace {}, so that the "
                        "operator leaves it alone",
                        where, icr::quoted(copy.other_namespace)),
            fmt::format("kubectl delete secret -n {} {}", facts.ns->name, secret)};
  }
  return {Gap::kConflict,
          fmt::format("{} is somebody else's, so that the operator leaves it alone", where),
          fmt::format("rename or delete it: kubectl get secret -n {} {} --show-labels",
                      facts.ns->name, secret)};
}

GapReport from_credential(const GapFacts& facts, const plan::Wish& wish,
                          const CredentialView& credential) {
  const string& secret = credential.secret;
  if (!credential.copy_known) return {};
  if (!credential.copy) {
    return waiting(
        facts, fmt::format("there is no Secret {} in namespace {} yet", secret, facts.ns->name));
  }
  if (!credential.copy->ours) return conflict(facts, *credential.copy, secret);
  const string hosts = "," + credential.copy->hosts + ",";
  if (hosts.find("," + facts.host + ",") == string::npos) {
    return waiting(facts, fmt::format("Secret {} is not for {} yet", secret, facts.host));
  }
  return from_copy_to_pod(facts, wish, secret);
}

}  // namespace

GapReport find_gap(const GapFacts& facts) {
  if (!facts.rules.known_hosts.contains(facts.host) &&
      std::none_of(facts.credentials.begin(), facts.credentials.end(),
                   [&](const auto& one) { return one.limits.fixed_hosts.contains(facts.host); })) {
    return {
        Gap::kForeignHost,
        fmt::format("{} is not a registry that icr-pull-secrets serves", icr::quoted(facts.host)),
        "give the pod a pull secret for it: kubectl create secret "
        "docker-registry --help"};
  }
  if (!facts.ns) return {};
  std::vector<string> known;
  for (const auto& credential : facts.credentials) known.push_back(credential.name);
  const auto wish = plan::read_wish(*facts.ns, facts.rules.defaults, facts.rules.regions, known);
  if (!wish.opted_in) return not_opted_in(facts);
  if (!wish.hosts || !wish.credentials || !wish.service_accounts) {
    const auto& problems = wish.problems;
    return {Gap::kMistake,
            problems.empty() ? "an annotation makes no sense" : problems.front().message,
            fmt::format("kubectl edit namespace {}", facts.ns->name)};
  }
  auto candidates = asked_for(facts, wish);
  const bool fixed = std::any_of(candidates.begin(), candidates.end(), [&](const auto* one) {
    return one->limits.fixed_hosts.contains(facts.host);
  });
  if (!fixed && !wish.hosts->contains(facts.host)) return region_not_asked_for(facts);
  if (!keep(candidates, [&](const CredentialView& one) {
        return plan::may_use(one.limits, facts.ns->name, facts.ns->labels);
      })) {
    return limited(facts, Gap::kNotAllowed, "may be used there");
  }
  if (!keep(candidates, [&](const CredentialView& one) {
        return plan::served_hosts(one.limits, *wish.hosts).contains(facts.host);
      })) {
    return limited(facts, Gap::kRegionNotInLimits, "is for " + facts.host);
  }
  if (!keep(candidates,
            [&](const CredentialView& one) { return serves_path(one.limits, facts.repository); })) {
    return limited(facts, Gap::kNamespaceNotInLimits,
                   fmt::format("is for {}/{}", facts.host, facts.repository));
  }
  return from_credential(facts, wish, *candidates.front());
}

}  // namespace icrps::diagnosis
