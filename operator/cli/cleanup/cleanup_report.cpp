#include "cli/cleanup/cleanup_report.hpp"

#include <algorithm>

#include "cli/plan/plan_report.hpp"
#include "cli/table.hpp"
#include "plan/names.hpp"

namespace icrps::cli {

std::vector<Left> what_is_left(const plan::Facts& facts, const plan::Rules& rules) {
  std::vector<Left> left;
  for (const auto& change : explain(facts, plan::make_plan(facts, rules)).changes) {
    left.push_back({facts.ns.name, change.kind + " " + change.name, {}});
  }
  for (const auto& credential : facts.credentials) {
    const auto& copy = credential.copy;
    if (!copy || !copy->ours || !copy->terminating) continue;
    left.push_back({facts.ns.name, "Secret " + credential.secret,
                    "it is being deleted, and waits for finalizers"});
  }
  return left;
}

std::string left_table(const std::vector<Left>& left) {
  std::vector<Row> rows{{"NAMESPACE", "LEFT", "WHY"}};
  for (const auto& one : left) rows.push_back({one.ns, one.object, one.why});
  return format_table(rows);
}

}  // namespace icrps::cli
