#include "controller/problem_ledger.hpp"

#include <algorithm>

namespace icrps::controller {
namespace {

// Of problems that are gone, this many are remembered per namespace, to count their return.
constexpr std::size_t kRemembered = 8;

}  // namespace

std::chrono::nanoseconds ProblemLedger::Account::wait(Clock::Instant now) const {
  constexpr auto kCredit = kBetween * (kMostAtOnce - 1);
  return std::max<std::chrono::nanoseconds>(paid_off - now - kCredit, {});
}

ProblemLedger::News ProblemLedger::update(const std::string& ns,
                                          const std::vector<plan::Problem>& problems,
                                          Clock::Instant now) {
  if (problems.empty() && !accounts_.contains(ns)) return {};
  auto& account = accounts_[ns];
  auto& entries = account.entries;
  for (auto& entry : entries) {
    entry.present = std::any_of(problems.begin(), problems.end(),
                                [&](const auto& one) { return one.is_same_as(entry.problem); });
    if (entry.present) continue;
    entry.reported = false;
    entry.since = now;  // patience begins anew when it comes back
  }
  News news;
  for (const auto& problem : problems) {
    auto entry = std::find_if(entries.begin(), entries.end(),
                              [&](const Entry& e) { return e.problem.is_same_as(problem); });
    if (entry == entries.end()) {
      entry = entries.insert(entries.end(), Entry{problem, now});
    }
    if (entry->reported && !problem.note) continue;
    const std::chrono::nanoseconds patience =
        problem.patience ? kPatience - (now - entry->since) : std::chrono::nanoseconds(0);
    const auto wait = std::max(patience, account.wait(now));
    if (wait > std::chrono::nanoseconds(0)) {
      const auto rest = std::chrono::ceil<std::chrono::milliseconds>(wait);
      news.look_again = std::min(news.look_again.value_or(rest), rest);
      continue;
    }
    entry->reported = true;
    account.paid_off = std::max(account.paid_off, now) + kBetween;
    news.report.push_back({problem, ++entry->count});
  }
  std::erase_if(entries, [](const Entry& e) { return !e.present && e.count == 0; });
  while (entries.size() > kRemembered + problems.size()) {
    entries.erase(
        std::find_if(entries.begin(), entries.end(), [](const Entry& e) { return !e.present; }));
  }
  return news;
}

}  // namespace icrps::controller
