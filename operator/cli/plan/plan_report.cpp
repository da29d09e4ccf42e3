#include "cli/plan/plan_report.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <set>

#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::cli {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

const plan::CredentialFacts* find(const plan::Facts& facts, const std::string& secret) {
  const auto found = std::find_if(facts.credentials.begin(), facts.credentials.end(),
                                  [&](const auto& one) { return one.secret == secret; });
  return found == facts.credentials.end() ? nullptr : &*found;
}

Words without(const std::string& list, const std::string& others) {
  const auto split = [](const std::string& text) {
    const auto words = plan::split_list(text);
    std::set<std::string> unique(words.begin(), words.end());
    unique.erase("");
    return unique;
  };
  const auto have = split(list);
  const auto leave_out = split(others);
  Words rest;
  std::set_difference(have.begin(), have.end(), leave_out.begin(), leave_out.end(),
                      std::back_inserter(rest));
  return rest;
}

std::string why_replaced(const plan::CopyFacts& copy) {
  if (copy.immutable) return "is immutable";
  return copy.more_keys ? "has many keys of others" : "has another type";
}

std::string why_created(const plan::Facts& facts, const plan::CopyFacts* replaced) {
  if (replaced != nullptr && replaced->ours) {
    return "the one there " + why_replaced(*replaced);
  }
  return facts.ns.annotations.contains(std::string(plan::kRegions))
             ? fmt::format("opted in by annotation {}", plan::kRegions)
             : "opted in by optIn of the configuration";
}

void add_host_changes(Words& reasons, const plan::CopyFacts& copy, const plan::Content& content) {
  if (const auto added = without(content.hosts, copy.hosts); !added.empty()) {
    reasons.push_back("hosts added: " + plan::join(added, ", "));
  }
  if (const auto removed = without(copy.hosts, content.hosts); !removed.empty()) {
    reasons.push_back("hosts removed: " + plan::join(removed, ", "));
  }
}

std::string or_none(const std::string& text) {
  return text.empty() ? "none" : text;
}

std::string why_updated(const std::string& credential, const plan::CopyFacts& copy,
                        const plan::Content& content) {
  Words reasons;
  if (copy.revision != content.revision) {
    reasons.push_back(
        fmt::format("revision {} is in force, not {}", content.revision, or_none(copy.revision)));
  }
  add_host_changes(reasons, copy, content);
  if (copy.expires_at != content.expires_at) {
    reasons.push_back(
        fmt::format("expires {}, not {}", or_none(content.expires_at), or_none(copy.expires_at)));
  }
  if (copy.content_hash != copy.hash_annotation) {
    reasons.emplace_back("its content was changed by somebody else");
  }
  if (!copy.extra_keys.empty()) {
    reasons.push_back("further keys: " + plan::join(copy.extra_keys, ", "));
  }
  if (copy.mark.empty()) {
    reasons.push_back(
        fmt::format("it gets its annotations {} and {}", plan::kInstallation, plan::kMadeFor));
  }
  if (copy.credential_label != credential) {
    reasons.push_back(fmt::format("label {} was changed", plan::kCredentialLabel));
  }
  if (reasons.empty()) reasons.emplace_back("other content, for instance registryNamespaces");
  return plan::join(reasons, "; ");
}

std::string why_deleted(const plan::Plan& plan, const plan::CredentialFacts& credential,
                        const plan::DeleteCopy& action) {
  if (!action.successor.empty()) {
    return fmt::format("{} takes its place, as the credential's secretName says", action.successor);
  }
  if (credential.retired) return "the credential is retired";
  const auto report = std::find_if(plan.copies.begin(), plan.copies.end(), [&](const auto& copy) {
    return copy.credential == credential.name;
  });
  if (report == plan.copies.end()) {
    return plan.state == plan::State::kNotOptedIn ? "the namespace is not opted in"
                                                  : "the namespace does not ask for the credential";
  }
  switch (report->standing) {
    case plan::Standing::kNotAllowed:
      return "limit: the namespace may not use the credential";
    case plan::Standing::kNotForRegions:
      return "limit: the credential is for none of the regions asked for";
    default:
      return "it " + why_replaced(*credential.copy);
  }
}

/// The Secrets that a plan creates, or deletes.
template <class Action>
std::set<std::string> secrets_of(const plan::Plan& plan) {
  std::set<std::string> names;
  for (const auto& action : plan.actions) {
    if (const auto* one = std::get_if<Action>(&action)) {
      names.insert(one->secret);
    }
  }
  return names;
}

bool has_copy(const plan::Facts& facts, const std::string& secret) {
  return std::any_of(facts.credentials.begin(), facts.credentials.end(),
                     [&](const auto& one) { return one.copy && one.secret == secret; });
}

std::string why_patched(const plan::Facts& facts, const plan::Plan& plan, const Change& change) {
  const auto created = secrets_of<plan::CreateCopy>(plan);
  const auto deleted = secrets_of<plan::DeleteCopy>(plan);
  Words reasons;
  for (const auto& secret : change.add) {
    reasons.push_back(created.contains(secret)
                          ? secret + " is new"
                          : secret +
                                " is not attached: the account is new, or somebody took it away");
  }
  for (const auto& secret : change.remove) {
    if (deleted.contains(secret)) {
      reasons.push_back(secret + " goes");
    } else if (has_copy(facts, secret)) {
      reasons.push_back(secret + " is not for this account");
    } else {
      reasons.push_back(secret + " does not exist");
    }
  }
  if (reasons.empty()) {
    reasons.push_back(fmt::format("annotation {} says which entries are ours", plan::kAttached));
  }
  return plan::join(reasons, "; ");
}

class Explainer {
 public:
  Explainer(const plan::Facts& facts, const plan::Plan& plan) : facts_(facts), plan_(plan) {}

  Change operator()(const plan::CreateCopy& action) const {
    return change("create", action.secret, why_created(facts_, copy_of(action.secret)));
  }
  Change operator()(const plan::UpdateCopy& action) const {
    if (action.adopts) {
      return change("update", action.secret,
                    "would be adopted: it is somebody else's and becomes ours (conflict: adopt)");
    }
    const auto* const copy = copy_of(action.secret);
    return change("update", action.secret,
                  copy == nullptr ? "" : why_updated(action.credential, *copy, *action.content));
  }
  Change operator()(const plan::DeleteCopy& action) const {
    const auto* const credential = find(facts_, action.secret);
    return change("delete", action.secret,
                  credential == nullptr ? "" : why_deleted(plan_, *credential, action));
  }
  Change operator()(const plan::PatchAccount& action) const {
    Change change{"patch", "ServiceAccount", action.account, action.add};
    change.remove = action.removed;
    change.why = why_patched(facts_, plan_, change);
    return change;
  }

 private:
  static Change change(const char* action, const std::string& secret, std::string why) {
    return {action, "Secret", secret, {}, {}, std::move(why)};
  }
  [[nodiscard]] const plan::CopyFacts* copy_of(const std::string& secret) const {
    const auto* const found = find(facts_, secret);
    return found == nullptr || !found->copy ? nullptr : &*found->copy;
  }

  const plan::Facts& facts_;
  const plan::Plan& plan_;
};

std::string summary(const PlanReport& report) {
  const auto troubled = std::count_if(report.namespaces.begin(), report.namespaces.end(),
                                      [](const auto& one) { return !one.problems.empty(); });
  return fmt::format("{} of {} namespaces would change, by {} writes; {} with problems\n",
                     report.changing(), report.namespaces.size(), report.changes(), troubled);
}

void add_rows(std::vector<Row>& rows, const NamespacePlan& one) {
  const std::string state(plan::to_string(one.state));
  for (const auto& change : one.changes)
    rows.push_back({one.ns, state, describe(change), change.why});
  for (const auto& problem : one.problems) {
    rows.push_back({one.ns, state, "-", problem.reason + ": " + problem.message});
  }
  for (const auto& note : one.notes) rows.push_back({one.ns, state, "-", note});
  if (one.changes.empty() && one.problems.empty() && one.notes.empty()) {
    rows.push_back({one.ns, state, "-"});
  }
}

json as_json(const NamespacePlan& one) {
  json changes = json::array();
  for (const auto& change : one.changes) {
    changes.push_back({{"action", change.action},
                       {"kind", change.kind},
                       {"name", change.name},
                       {"why", change.why}});
    if (change.kind != "ServiceAccount") continue;
    changes.back()["add"] = change.add;
    changes.back()["remove"] = change.remove;
  }
  json problems = json::array();
  for (const auto& problem : one.problems) {
    problems.push_back({{"reason", problem.reason}, {"message", problem.message}});
  }
  return {{"namespace", one.ns},
          {"state", plan::to_string(one.state)},
          {"changes", std::move(changes)},
          {"problems", std::move(problems)},
          {"notes", one.notes}};
}

}  // namespace

std::size_t PlanReport::changing() const {
  return static_cast<std::size_t>(std::count_if(
      namespaces.begin(), namespaces.end(), [](const auto& one) { return !one.changes.empty(); }));
}

std::size_t PlanReport::changes() const {
  std::size_t sum = 0;
  for (const auto& one : namespaces) sum += one.changes.size();
  return sum;
}

NamespacePlan explain(const plan::Facts& facts, const plan::Plan& plan) {
  NamespacePlan explained{facts.ns.name, plan.state, {}, plan.problems};
  const Explainer explainer(facts, plan);
  for (const auto& action : plan.actions) {
    explained.changes.push_back(std::visit(explainer, action));
  }
  return explained;
}

std::set<std::string> names_of_others(const plan::Facts& facts) {
  std::set<std::string> names;
  for (const auto& [name, account] : facts.accounts) {
    names.insert(account.pull_secrets.begin(), account.pull_secrets.end());
  }
  for (const auto& credential : facts.credentials) names.erase(credential.secret);
  names.erase("");
  return names;
}

std::vector<std::string> dangling_names(const plan::Facts& facts, const SecretExists& exists) {
  std::set<std::string> missing;
  for (const auto& name : names_of_others(facts)) {
    if (exists(name) == std::optional(false)) missing.insert(name);
  }
  std::vector<std::string> notes;
  for (const auto& [name, account] : facts.accounts) {
    Words named;
    for (const auto& secret : account.pull_secrets) {
      if (missing.contains(secret)) named.push_back(secret);
    }
    if (named.empty()) continue;
    notes.push_back(fmt::format("account {} also names {}, which no Secret has", name,
                                plan::join(named, ", ")));
  }
  return notes;
}

std::string describe(const Change& change) {
  auto text = fmt::format("{} {} {}", change.action, change.kind, change.name);
  if (change.kind != "ServiceAccount") return text;
  text += ':';
  for (const auto& name : change.add) text += " +" + name;
  for (const auto& name : change.remove) text += " -" + name;
  return text;
}

std::string plan_table(const PlanReport& report, bool all) {
  std::vector<Row> rows{{"NAMESPACE", "STATE", "CHANGE", "WHY"}};
  for (const auto& one : report.namespaces) {
    const bool quiet = one.changes.empty() && one.problems.empty() && one.notes.empty();
    if (all || !quiet) add_rows(rows, one);
  }
  std::string text = rows.size() > 1 ? format_table(rows) + "\n" : std::string();
  text += summary(report);
  for (const auto& credential : report.credentials) {
    if (credential.note.empty()) continue;
    text += fmt::format("credential {}: {}\n", credential.name, credential.note);
  }
  return text;
}

std::string plan_json(const PlanReport& report) {
  json namespaces = json::array();
  for (const auto& one : report.namespaces) namespaces.push_back(as_json(one));
  json credentials = json::array();
  for (const auto& one : report.credentials) {
    credentials.push_back({{"name", one.name}, {"revision", one.revision}, {"note", one.note}});
  }
  constexpr int kIndent = 2;
  return json({{"namespaces", std::move(namespaces)},
               {"credentials", std::move(credentials)},
               {"changing", report.changing()},
               {"changes", report.changes()}})
             .dump(kIndent, ' ', true, json::error_handler_t::replace) +
         "\n";
}

}  // namespace icrps::cli
