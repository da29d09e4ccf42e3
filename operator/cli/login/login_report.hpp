// What `login` and `logout` did, or would do. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace icrps::cli {

/// One host in one file.
struct LoginLine {
  std::string file;  ///< or "docker-credential-NAME"; or empty: it did not come to that
  std::string host;  ///< empty: the file as a whole
  std::string user;
  std::string result;  ///< "new", "updated", "unchanged", "removed", "kept", "refused", "silent", …
  std::string detail{};
};

struct LoginReport {
  std::vector<LoginLine> lines;
  std::optional<std::chrono::system_clock::time_point> expires_at{};  ///< of a token
  std::vector<std::string> notes{};  ///< what a person should know; printed on stderr
  bool dry_run = false;
  int exit_code = 0;
};

[[nodiscard]] std::string login_table(const LoginReport& report);
/// {"dryRun", "expiresAt", "hosts": [{"host", "file", "user", "result", "detail"}], "notes": […]}
[[nodiscard]] std::string login_json(const LoginReport& report);

}  // namespace icrps::cli
