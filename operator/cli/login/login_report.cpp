#include "cli/login/login_report.hpp"

#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::cli {
namespace {

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

}  // namespace

std::string login_table(const LoginReport& report) {
  std::vector<Row> rows{{"FILE", "HOST", "USER", report.dry_run ? "WOULD BE" : "RESULT", "DETAIL"}};
  for (const auto& line : report.lines) {
    rows.push_back(
        {or_dash(line.file), or_dash(line.host), or_dash(line.user), line.result, line.detail});
  }
  auto text = format_table(rows);
  if (report.expires_at) text += "\nthe token ends at " + rfc3339(*report.expires_at) + "\n";
  return text;
}

std::string login_json(const LoginReport& report) {
  using nlohmann::json;
  json document = {{"dryRun", report.dry_run},
                   {"expiresAt", report.expires_at ? json(rfc3339(*report.expires_at)) : json()},
                   {"hosts", json::array()},
                   {"notes", report.notes}};
  for (const auto& line : report.lines) {
    document["hosts"].push_back({{"file", line.file},
                                 {"host", line.host},
                                 {"user", line.user},
                                 {"result", line.result},
                                 {"detail", line.detail}});
  }
  return document.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace icrps::cli
