#include "cli/status/status_report.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "config/rules.hpp"
#include "runtime/printable.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kBehindShown = 10;  // of each credential, in the table

long long seconds_between(WallTime from, WallTime to) {
  return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

/// Why the namespace hasn't the current revision; empty: it has.
std::string missing(const plan::CopyFacts* copy, const std::string& revision) {
  if (revision.empty()) return "the credential has no value that could be handed out yet";
  if (copy == nullptr) return "no Secret yet";
  if (!copy->ours) return "a Secret of that name is not managed by icr-pull-secrets";
  if (copy->revision != revision) return fmt::format("has revision {}", copy->revision);
  return {};
}

void add_namespace(CredentialReport& report, const config::Credential& credential,
                   const plan::NamespaceFacts& ns, const plan::Wish& wish,
                   const plan::CopyFacts* copy) {
  if (!plan::asks_for(wish, credential.name, copy != nullptr && copy->ours)) return;
  if (!plan::may_use(credential.limits, ns.name, ns.labels)) {
    if (plan::nobody_asked(wish, ns)) return;
    report.behind.push_back({ns.name, "may not use this credential"});
    return;
  }
  if (wish.hosts && plan::served_hosts(credential.limits, *wish.hosts).empty()) {
    report.behind.push_back({ns.name, "the credential is for none of the regions asked for"});
    return;
  }
  ++report.wanted;
  const auto why = missing(copy, report.status.revision);
  if (why.empty()) {
    ++report.current;
  } else {
    report.behind.push_back({ns.name, why});
  }
}

std::string when(const std::optional<WallTime>& time, WallTime now) {
  if (!time) return "-";
  const auto seconds = seconds_between(now, *time);
  return seconds >= 0 ? "in " + short_duration(seconds) : short_duration(-seconds) + " ago";
}

std::string proof(const credentials::Status& status, WallTime now) {
  if (status.proof.empty()) return "-";
  return status.proof_at ? status.proof + " " + when(status.proof_at, now) : status.proof;
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

json time_or_null(const std::optional<WallTime>& time) {
  return time ? json(rfc3339(*time)) : json(nullptr);
}

}  // namespace

bool CredentialReport::good() const {
  return !status.revision.empty() && current == wanted &&
         (status.proof == "proved" || status.proof == "unproved");
}

std::vector<CredentialReport> make_report(const config::Config& config,
                                          const Inventory& inventory) {
  std::vector<std::string> names;
  for (const auto& credential : config.credentials) names.push_back(credential.name);
  const auto defaults = config::defaults_of(config, inventory.own_namespace);
  std::vector<CredentialReport> reports;
  for (const auto& credential : config.credentials) {
    const auto status = inventory.statuses.find(credential.name);
    reports.push_back({credential.name,
                       status == inventory.statuses.end() ? credentials::Status{} : status->second,
                       0,
                       0,
                       {}});
  }
  for (const auto& ns : inventory.namespaces) {
    if (ns.terminating) continue;
    const auto wish = plan::read_wish(ns, defaults, config.regions, names);
    if (!wish.opted_in) continue;
    for (std::size_t i = 0; i < reports.size(); ++i) {
      const plan::CopyFacts* copy = nullptr;
      const auto copies = inventory.copies.find(reports[i].name);
      if (copies != inventory.copies.end()) {
        const auto found = copies->second.find(ns.name);
        if (found != copies->second.end()) copy = &found->second;
      }
      add_namespace(reports[i], config.credentials[i], ns, wish, copy);
    }
  }
  return reports;
}

std::string report_table(const std::vector<CredentialReport>& report, WallTime now) {
  std::vector<Row> rows{
      {"CREDENTIAL", "SOURCE", "REVISION", "NAMESPACES", "SINCE", "EXPIRES", "PROOF", "DETAIL"}};
  for (const auto& entry : report) {
    rows.push_back({entry.name, or_dash(entry.status.source), or_dash(entry.status.revision),
                    fmt::format("{}/{}", entry.current, entry.wanted),
                    when(entry.status.since, now), when(entry.status.expires_at, now),
                    proof(entry.status, now), entry.status.message});
  }
  std::string text = format_table(rows);
  for (const auto& entry : report) {
    for (std::size_t i = 0; i < std::min(entry.behind.size(), kBehindShown); ++i) {
      text += fmt::format("\n{} in {}: {}", entry.name, entry.behind[i].ns,
                          printable(entry.behind[i].reason));
    }
    if (entry.behind.size() > kBehindShown) {
      text += fmt::format("\n{}: {} more; -o json has them all", entry.name,
                          entry.behind.size() - kBehindShown);
    }
  }
  if (text.back() != '\n') text += '\n';
  return text;
}

std::string report_json(const std::vector<CredentialReport>& report) {
  json credentials = json::array();
  for (const auto& entry : report) {
    json behind = json::array();
    for (const auto& [ns, reason] : entry.behind) {
      behind.push_back({{"namespace", ns}, {"reason", reason}});
    }
    credentials.push_back(
        {{"name", entry.name},
         {"source", entry.status.source},
         {"revision", entry.status.revision},
         {"since", time_or_null(entry.status.since)},
         {"expiresAt", time_or_null(entry.status.expires_at)},
         {"proof",
          {{"outcome", entry.status.proof},
           {"at", time_or_null(entry.status.proof_at)},
           {"message", entry.status.message}}},
         {"namespaces",
          {{"wanted", entry.wanted}, {"current", entry.current}, {"behind", std::move(behind)}}},
         {"good", entry.good()}});
  }
  constexpr int kIndent = 2;
  return json({{"credentials", std::move(credentials)}})
             .dump(kIndent, ' ', true, json::error_handler_t::replace) +
         "\n";
}

}  // namespace icrps::cli
