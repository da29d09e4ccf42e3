#include "cli/plan/plan.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "cli/exit_codes.hpp"
#include "cli/options.hpp"
#include "cli/plan/in_force.hpp"
#include "cli/plan/plan_report.hpp"
#include "cli/session.hpp"
#include "cli/setup.hpp"
#include "cli/snapshot.hpp"
#include "config/rules.hpp"
#include "controller/collections.hpp"
#include "controller/configured.hpp"
#include "controller/reconciler.hpp"
#include "credentials/source_factory.hpp"
#include "runtime/signals.hpp"

namespace icrps::cli {
namespace {

using Complaint = tl::unexpected<std::string>;
using Statuses = std::map<std::string, credentials::Status>;

struct PlanOptions : CommonOptions {
  std::string output = "table";   ///< or "json"
  std::vector<std::string> only;  ///< namespaces; empty: all
  bool all_namespaces = false;
  bool all = false;  ///< also those where nothing would change
  bool fail_on_change = false;
};

FoundLogin find_login(Session& session, const config::Credential& credential) {
  const auto standing = credentials::standing_login(credential);
  if (!standing) return std::nullopt;
  const auto& secret = standing->secret;
  const auto reply = session.client.get({"secrets", session.own_namespace, secret.name});
  if (!reply) {
    return Complaint(
        fmt::format("its source Secret {} can't be read: {}", secret.name, reply.error().message));
  }
  auto value = credentials::read_secret(*reply, secret.key, standing->parse);
  if (!value) {
    return Complaint(fmt::format("its source Secret {} {}", secret.name, value.error().what));
  }
  return icr::Login{standing->user, std::move(value->value)};
}

/// Fills the set with what is in force.
std::vector<CredentialNote> find_credentials(Session& session, const Statuses& statuses,
                                             credentials::CredentialSet& set) {
  std::vector<CredentialNote> notes;
  for (const auto& credential : session.config.credentials) {
    const auto recorded = statuses.find(credential.name);
    auto found = in_force(credential.name, find_login(session, credential),
                          recorded == statuses.end() ? credentials::Status{} : recorded->second,
                          session.config.proof, session.clock.wall());
    notes.push_back(
        {credential.name, found.material ? found.material->revision() : "", std::move(found.note)});
    if (found.material) set.set(credential.name, std::move(found.material));
  }
  return notes;
}

/// Which namespaces have a Secret of a name, by one list of names for the whole cluster. Whoever
/// may not list them, as the operator itself may not, learns nothing.
class SecretsOfOthers {
 public:
  explicit SecretsOfOthers(Session& session) : session_(session) {}

  std::optional<bool> exists(const std::string& name, const std::string& ns) {
    const auto found = places_.find(name);
    const auto& places = found != places_.end() ? found->second : look_up(name);
    if (!places) return std::nullopt;
    return places->contains(ns);
  }

 private:
  using Places = std::optional<std::set<std::string>>;

  const Places& look_up(const std::string& name) {
    constexpr std::size_t kMostNames = 50;
    auto& places = places_[name];
    if (refused_ || places_.size() > kMostNames) return places;
    auto collection = controller::named_secret(name, {});
    collection.metadata_only = true;
    places.emplace();
    const auto listed = session_.client.list(
        collection, [&](kube::Object&& object) { places->insert(std::move(object.ns)); });
    refused_ = !listed;
    if (refused_) places.reset();
    return places;
  }

  Session& session_;
  std::map<std::string, Places> places_;
  bool refused_ = false;
};

/// Of each namespace, in order.
PlanReport make_report(Session& session, const controller::Stores& stores,
                       const credentials::CredentialSet& set) {
  PlanReport report;
  const auto rules = config::rules_of(session.config, session.own_namespace);
  const auto configured = controller::configured_of(session.config);
  auto names = stores.namespaces.namespaces();
  std::sort(names.begin(), names.end());
  SecretsOfOthers others(session);
  for (const auto& ns : names) {
    const auto facts = controller::gather({stores, set, configured}, ns);
    if (!facts) continue;
    const auto plan = plan::make_plan(*facts, rules);
    report.namespaces.push_back(explain(*facts, plan));
    if (!plan.takes_part) continue;
    report.namespaces.back().notes =
        dangling_names(*facts, [&](const std::string& name) { return others.exists(name, ns); });
  }
  return report;
}

int show(Session& session, const PlanOptions& options) {
  credentials::CredentialSet set(controller::names_of(session.config.credentials));
  controller::Stores stores;
  const auto listed =
      read_cluster(session, {controller::copy_names_of(session.config), options.only}, stores);
  if (!listed) {
    complain(listed.error().message);
    return kFailure;
  }
  const auto statuses = read_record(session);
  if (!statuses) {
    complain(statuses.error());
    return kFailure;
  }
  for (const auto& ns : unknown_namespaces(stores, options.only)) {
    complain("there is no namespace " + ns);
  }
  auto notes = find_credentials(session, *statuses, set);
  auto report = make_report(session, stores, set);
  report.credentials = std::move(notes);
  const bool json = options.output == "json";
  fmt::print("{}", json ? plan_json(report) : plan_table(report, options.all));
  return options.fail_on_change && report.changes() > 0 ? kNotGood : kOk;
}

int show_plan(const PlanOptions& options) {
  if (contradicts(options.all_namespaces, options.only)) return kUsage;
  exit_on_next_signal();
  return with_session(options, [&](Session& session) { return show(session, options); });
}

std::vector<Option> plan_options(PlanOptions& options) {
  return with_common(options, {output_option(options.output),
                               {.names = "--only",
                                .value = "NS",
                                .help = "Only this namespace (repeat)",
                                .target = &options.only},
                               all_namespaces_option(options.all_namespaces),
                               {.names = "--all",
                                .help = "Also namespaces where nothing would change",
                                .target = &options.all},
                               {.names = "--fail-on-change",
                                .help = "Exit with 3 when something would change",
                                .target = &options.fail_on_change}});
}

}  // namespace

Command plan_command() {
  const auto options = std::make_shared<PlanOptions>();
  return {
      .name = "plan",
      .summary = "Show what the operator would write, and why; writes nothing",
      .synopsis = "--config FILE [-o table|json] [--only NS]… [-A] [--all] [--fail-on-change] …",
      .options = plan_options(*options),
      .examples = {{"icr-pull-secrets plan --config new.yaml --only shop",
                    "what a new configuration would change in one namespace"}},
      .exit_codes = {{kOk, "shown"},
                     {kFailure, "the API server refuses or does not answer"},
                     {kUsage, "the command line, the configuration or the kubeconfig is wrong"},
                     {kNotGood, "--fail-on-change: something would change"}},
      .needs = Needs::kSignals,
      .work = [options] { return show_plan(*options); }};
}

}  // namespace icrps::cli
