#include "cli/cleanup/cleanup.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <set>
#include <unistd.h>

#include "cli/claim.hpp"
#include "cli/cleanup/cleanup_report.hpp"
#include "cli/cleanup/own_objects.hpp"
#include "cli/cleanup/stop_deployment.hpp"
#include "cli/cleanup/sweep.hpp"
#include "cli/cleanup/uninstall_lock.hpp"
#include "cli/exit_codes.hpp"
#include "cli/plan/plan_report.hpp"
#include "cli/session.hpp"
#include "cli/setup.hpp"
#include "cli/snapshot.hpp"
#include "cli/table.hpp"
#include "config/duration.hpp"
#include "config/rules.hpp"
#include "controller/configured.hpp"
#include "plan/names.hpp"
#include "runtime/signals.hpp"

namespace icrps::cli {
namespace {

using Complaint = tl::unexpected<std::string>;

// Sweeps in a row in which all was refused, or after which everything was there again.
constexpr unsigned kVainSweeps = 5;
constexpr const char* kWrittenAgain =
    "it was removed and is there again: if an operator runs, stop it first (--stop-deployment)";

/// A namespace that wants nothing, whatever it is about to become.
void opt_out(kube::Object& ns) {
  ns.annotations = {{std::string(plan::kRegions), "none"}};
  ns.terminating = false;
}

class Cleanup {
 public:
  Cleanup(Session& session, const CleanupOptions& options, const Patience& patience)
      : session_(session),
        options_(options),
        patience_(patience),
        log_(LogLevel::kWarn, log_format(session.config, ::isatty(STDERR_FILENO) == 1),
             session.clock),
        rules_(config::rules_of(session.config, session.own_namespace)),
        copies_(controller::copy_names_of(session.config)) {}

  int clean();
  int dry_run();

 private:
  tl::expected<void, std::string> read(controller::Stores& stores);
  [[nodiscard]] std::vector<plan::Facts> facts_of(const controller::Stores& stores) const;
  [[nodiscard]] std::vector<Left> left_in(const controller::Stores& stores) const;
  [[nodiscard]] std::string why_left(const std::string& ns) const;
  tl::expected<std::vector<Left>, std::string> clean_namespaces();
  void sweep(controller::Stores& stores, const std::vector<Left>& left);
  OwnCleaner clean_own(bool dry_run);
  void print_result(const std::vector<Left>& left, const OwnCleaner& own) const;

  Session& session_;
  const CleanupOptions& options_;
  const Patience& patience_;
  const Log log_;
  const plan::Rules rules_;
  const std::vector<plan::CopyName> copies_;
  std::string own_uid_;
  std::size_t writes_ = 0;
  Sweep::TroubleByNamespace trouble_;  ///< of the last sweep
  unsigned vain_ = 0;                  ///< sweeps in a row that were no use
  unsigned pauses_ = 0;                ///< sweeps in a row without progress
};

tl::expected<void, std::string> Cleanup::read(controller::Stores& stores) {
  const auto listed = persist(
      patience_, [&] { return read_cluster(session_, {copies_, options_.only, opt_out}, stores); });
  if (!listed) return Complaint(listed.error().message);
  own_uid_ = stores.own_uid;
  return {};
}

std::vector<plan::Facts> Cleanup::facts_of(const controller::Stores& stores) const {
  const credentials::CredentialSet none({});
  const controller::Configured all_retired{{}, {}, copies_};
  auto names = stores.namespaces.namespaces();
  std::sort(names.begin(), names.end());
  std::vector<plan::Facts> all;
  for (const auto& ns : names) {
    auto facts = controller::gather({stores, none, all_retired}, ns);
    if (facts) all.push_back(std::move(*facts));
  }
  return all;
}

std::vector<Left> Cleanup::left_in(const controller::Stores& stores) const {
  std::vector<Left> left;
  for (const auto& facts : facts_of(stores)) {
    auto here = what_is_left(facts, rules_);
    std::move(here.begin(), here.end(), std::back_inserter(left));
  }
  return left;
}

void Cleanup::sweep(controller::Stores& stores, const std::vector<Left>& left) {
  std::set<std::string> namespaces;
  for (const auto& one : left) namespaces.insert(one.ns);
  Sweep sweep(session_.client, stores, copies_, rules_, patience_, log_);
  sweep.run({namespaces.begin(), namespaces.end()}, session_.config.workers,
            [](std::size_t done, std::size_t all) {
              complain(fmt::format("{} of {} namespaces are clean", done, all));
            });
  writes_ += sweep.writes();
  trouble_ = sweep.trouble();
  if (sweep.writes() > 0 && !trouble_.empty()) {
    vain_ = pauses_ = 0;
    return;
  }
  ++pauses_;
  const bool may_pass = std::any_of(trouble_.begin(), trouble_.end(),
                                    [](const auto& one) { return one.second.may_pass; });
  if (!may_pass) ++vain_;
}

std::string Cleanup::why_left(const std::string& ns) const {
  const auto trouble = trouble_.find(ns);
  if (trouble != trouble_.end()) return trouble->second.why;
  return patience_.over() ? "--timeout is over" : kWrittenAgain;
}

/// Lists and sweeps until a list shows that nothing is left, or it is no use.
tl::expected<std::vector<Left>, std::string> Cleanup::clean_namespaces() {
  for (bool first = true;; first = false) {
    controller::Stores stores;
    const auto listed = read(stores);
    if (!listed) return Complaint(listed.error());
    auto left = left_in(stores);
    if (first) {
      for (const auto& ns : unknown_namespaces(stores, options_.only)) {
        complain("there is no namespace " + ns);
      }
    }
    if (left.empty()) return left;
    if (vain_ >= kVainSweeps || patience_.over()) {
      for (auto& one : left) {
        if (one.why.empty()) one.why = why_left(one.ns);
      }
      return left;
    }
    if (!first) patience_.wait(pauses_);
    sweep(stores, left);
  }
}

OwnCleaner Cleanup::clean_own(bool dry_run) {
  OwnCleaner own(session_, patience_, own_uid_, dry_run);
  if (!options_.only.empty()) return own;
  for (const auto& object : own_objects(session_.config)) own.clean(object);
  return own;
}

void Cleanup::print_result(const std::vector<Left>& left, const OwnCleaner& own) const {
  if (!left.empty()) fmt::print("{}\n", left_table(left));
  for (const auto& note : own.notes()) fmt::print("{}\n", note);
  fmt::print("{} writes in namespaces, {} objects of the operator's own deleted; {}\n", writes_,
             own.removed().size(),
             left.empty() ? "nothing is left" : fmt::format("{} left", left.size()));
}

int Cleanup::clean() {
  auto left = clean_namespaces();
  if (!left) {
    complain("can't tell what is left: " + left.error());
    return kFailure;
  }
  const auto own = clean_own(false);
  left->insert(left->end(), own.left().begin(), own.left().end());
  print_result(*left, own);
  return left->empty() ? kOk : kNotGood;
}

int Cleanup::dry_run() {
  controller::Stores stores;
  const auto listed = read(stores);
  if (!listed) {
    complain(listed.error());
    return kFailure;
  }
  std::vector<Row> rows{{"NAMESPACE", "CHANGE"}};
  for (const auto& facts : facts_of(stores)) {
    for (const auto& change : explain(facts, plan::make_plan(facts, rules_)).changes) {
      rows.push_back({facts.ns.name, describe(change)});
    }
  }
  const auto own = clean_own(true);
  for (const auto& one : own.left()) complain(one.object + ": " + one.why);
  for (const auto& one : own.removed()) rows.push_back({one.ns, "delete " + one.object});
  if (!options_.stop_deployment.empty()) {
    fmt::print("scale Deployment {} to 0, and wait for the end of its pods\n\n",
               options_.stop_deployment);
  }
  if (rows.size() > 1) fmt::print("{}\n", format_table(rows));
  for (const auto& note : own.notes()) fmt::print("{}\n", note);
  fmt::print("{} writes; nothing was written\n", rows.size() - 1);
  return kOk;
}

/// Of a Deployment that must be stopped already there is nothing left but to wait for its pods.
std::string deployment_to_stop(const CleanupOptions& options) {
  return options.stop_deployment.empty() ? options.if_stopped : options.stop_deployment;
}

/// Whether what is in the operator's namespace is of an installation with another Deployment: then
/// this one never ran, and there is nothing of it to remove.
tl::expected<bool, kube::ApiError> is_of_another(Session& session, const std::string& deployment,
                                                 const Patience& patience) {
  if (deployment.empty()) return false;
  const auto recorded = persist(
      patience, [&] { return recorded_installation(session.client, session.own_namespace); });
  if (!recorded) return tl::unexpected(recorded.error());
  return recorded->value_or(deployment) != deployment;
}

int clean_up(Session& session, const CleanupOptions& options) {
  const auto timeout = config::parse_duration(options.timeout);
  if (!timeout) {
    complain("--timeout " + options.timeout + ": accepted: a duration such as 10m or 1h30m");
    return kUsage;
  }
  const Patience patience{session.clock, system_random(), session.clock.now() + *timeout};
  Cleanup cleanup(session, options, patience);
  if (options.dry_run) return cleanup.dry_run();
  const auto refusal = locked(session, options, patience);
  if (!refusal) {
    complain("can't tell whether this is an uninstall, so nothing was removed: " + refusal.error());
    return kFailure;
  }
  if (*refusal) {
    complain(**refusal);
    return kRefused;
  }
  const auto deployment = deployment_to_stop(options);
  const auto of_another = is_of_another(session, deployment, patience);
  if (!of_another) {
    complain("can't tell whose this namespace is, so nothing was removed: " +
             of_another.error().message);
    return kFailure;
  }
  if (*of_another) {
    fmt::print(
        "namespace {} belongs to another installation of icr-pull-secrets; nothing there is "
        "of Deployment {}, and nothing was removed\n",
        session.own_namespace, deployment);
    return kOk;
  }
  if (!deployment.empty()) {
    const auto stopped = stop_deployment(session, deployment, patience);
    if (!stopped) {
      complain("the operator can't be stopped, so nothing was removed: " + stopped.error());
      return kFailure;
    }
  }
  return cleanup.clean();
}

}  // namespace

int cleanup(const CleanupOptions& options) {
  if (contradicts(options.all_namespaces, options.only)) return kUsage;
  exit_on_next_signal();
  return with_session(options, [&](Session& session) { return clean_up(session, options); });
}

}  // namespace icrps::cli
