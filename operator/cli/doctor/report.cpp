#include "cli/doctor/report.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "runtime/printable.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::cli {
namespace {

using diagnosis::PullSecret;
using nlohmann::json;

std::string_view word_of(diagnosis::Entry::Answer answer) {
  switch (answer) {
    case diagnosis::Entry::Answer::kGood:
      return "good";
    case diagnosis::Entry::Answer::kRefused:
      return "refused";
    case diagnosis::Entry::Answer::kDenied:
      return "denied";
    case diagnosis::Entry::Answer::kNotFound:
      return "not_found";
    case diagnosis::Entry::Answer::kUnsure:
      return "unsure";
    case diagnosis::Entry::Answer::kNotAsked:
      break;
  }
  return "not_asked";
}

std::string_view word_of(PullSecret::State state) {
  switch (state) {
    case PullSecret::State::kUsable:
      return "usable";
    case PullSecret::State::kMissing:
      return "missing";
    case PullSecret::State::kPassedOver:
      return "passed_over";
    case PullSecret::State::kBroken:
      return "broken";
    case PullSecret::State::kUnread:
      break;
  }
  return "unread";
}

/// A line of a report, fit for a terminal.
std::string line(std::string_view name, const std::string& text) {
  return text.empty() ? "" : fmt::format("  {:<8} {}\n", name, printable(text));
}

std::string title(const Finding& finding) {
  const auto& facts = finding.facts;
  std::string text = facts.ns;
  if (!facts.pod.empty()) text += "/" + facts.pod;
  if (!finding.container.empty()) text += ", container " + finding.container;
  return text + ": " + facts.image;
}

std::string entry_text(const diagnosis::Entry& entry) {
  return fmt::format("Secret {}, entry {}, user {}: {}{}{}", entry.secret, entry.key,
                     entry.username, word_of(entry.answer),
                     entry.words.empty() ? "" : ": " + entry.words,
                     entry.expires_at ? ", expires at " + rfc3339(*entry.expires_at) : "");
}

std::string finding_text(const Finding& finding) {
  const auto& facts = finding.facts;
  std::string text = printable(title(finding)) + "\n";
  text += line("verdict", std::string(finding.verdict.word));
  text += line("why", finding.verdict.why);
  text += line("next", finding.verdict.next);
  if (!facts.started && !finding.reason.empty()) {
    text += line("kubelet", finding.reason + (facts.said.empty() ? "" : ": " + facts.said));
  }
  for (const auto& secret : facts.secrets) {
    if (secret.state == PullSecret::State::kUsable) continue;
    text += line("secret", fmt::format("{}: {}{}", secret.name, word_of(secret.state),
                                       secret.why.empty() ? "" : ", it " + secret.why));
  }
  for (const auto& entry : facts.entries) text += line("entry", entry_text(entry));
  if (!facts.node_platform.empty()) {
    text += line("node", finding.node + ", " + facts.node_platform);
  }
  return text;
}

json tried_json(const diagnosis::Entry& entry) {
  return {{"secret", entry.secret},
          {"key", entry.key},
          {"username", entry.username},
          {"expiresAt", entry.expires_at ? json(rfc3339(*entry.expires_at)) : json()},
          {"answer", word_of(entry.answer)},
          {"message", entry.words}};
}

json finding_json(const Finding& finding) {
  const auto& facts = finding.facts;
  auto secrets = json::array();
  for (const auto& secret : facts.secrets) {
    secrets.push_back(
        {{"name", secret.name}, {"state", word_of(secret.state)}, {"why", secret.why}});
  }
  auto entries = json::array();
  for (const auto& entry : facts.entries) entries.push_back(tried_json(entry));
  return {{"namespace", facts.ns},
          {"pod", facts.pod},
          {"container", finding.container},
          {"image", facts.image},
          {"verdict", finding.verdict.word},
          {"fine", finding.verdict.fine},
          {"why", finding.verdict.why},
          {"next", finding.verdict.next},
          {"kubelet",
           {{"reason", finding.reason},
            {"message", facts.said},
            {"symptom", diagnosis::to_string(facts.symptom)}}},
          {"secrets", std::move(secrets)},
          {"entries", std::move(entries)},
          {"node", {{"name", finding.node}, {"platform", facts.node_platform}}}};
}

bool asked_a_registry(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    const auto& entries = finding.facts.entries;
    return std::any_of(entries.begin(), entries.end(), [](const diagnosis::Entry& entry) {
      return entry.answer != diagnosis::Entry::Answer::kNotAsked;
    });
  });
}

}  // namespace

std::string doctor_text(const std::vector<Finding>& findings, const std::vector<Blind>& blind) {
  std::string text;
  for (const auto& finding : findings) text += finding_text(finding) + "\n";
  if (findings.empty()) text += "no pod waits for an image\n";
  for (const auto& one : blind) {
    text += printable(fmt::format("not looked at: {}: {}", one.what, one.why)) + "\n";
  }
  if (asked_a_registry(findings)) {
    text +=
        "The registry was asked from here, not from the node: firewalls, "
        "proxies and private "
        "names may differ there.\n";
  }
  return text;
}

std::string doctor_json(const std::vector<Finding>& findings, const std::vector<Blind>& blind) {
  auto results = json::array();
  for (const auto& finding : findings) results.push_back(finding_json(finding));
  auto unseen = json::array();
  for (const auto& one : blind) unseen.push_back({{"what", one.what}, {"why", one.why}});
  return json{{"results", std::move(results)}, {"notLookedAt", std::move(unseen)}}.dump(
             2, ' ', false, json::error_handler_t::replace) +
         "\n";
}

}  // namespace icrps::cli
