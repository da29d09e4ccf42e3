// Writes logins into an auth file and hands them to its credential helpers, or takes them out.
#pragma once

#include <string>
#include <vector>

#include "cli/login/auth_targets.hpp"
#include "cli/login/login_report.hpp"
#include "icr/docker_config.hpp"

namespace icrps::cli {

struct WriteWish {
  bool file_only = false;  ///< also where a helper is asked instead of the file
  bool dry_run = false;
};

/// A line for each host. What can't be done has a line with the result "failed"; false then.
bool write_logins(const AuthTarget& target, const icr::Hosts& hosts, const icr::Login& login,
                  const WriteWish& wish, std::vector<LoginLine>& lines);

/// Only entries whose user is one that `login` writes; others are kept, and told.
bool remove_logins(const AuthTarget& target, const icr::Hosts& hosts, bool dry_run,
                   std::vector<LoginLine>& lines);

}  // namespace icrps::cli
