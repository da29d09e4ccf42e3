#include "cli/login/auth_writer.hpp"

#include <algorithm>
#include <map>

#include "authfile/auth_file.hpp"
#include "cli/login/file_update.hpp"
#include "cli/login/helper_call.hpp"

namespace icrps::cli {
namespace {

using authfile::AuthFile;
using Edited = tl::expected<SecretString, std::string>;

/// The helper that the client asks for a host instead of the file; or empty.
std::string helper_for(const AuthFile& file, AuthClient client, const std::string& host) {
  const auto helpers = file.helpers();
  const auto found = helpers.find(host);
  if (found != helpers.end() && !found->second.empty()) return found->second;
  return client == AuthClient::kDocker ? file.store() : "";
}

tl::expected<AuthFile, std::string> parsed(const std::string& name, const SecretString& content) {
  auto file = AuthFile::parse(content);
  if (!file) return tl::unexpected(name + ": " + file.error());
  return file;
}

/// A user that `login` logs in as.
bool is_ours(const std::string& user) {
  return user == icr::kApiKeyUser || user == icr::kBearerUser || user == icr::kRefreshUser ||
         user.starts_with("Profile-");
}

/// `edit` in the file, or only in memory.
tl::expected<void, std::string> edit_file(const std::string& file, bool dry_run,
                                          const EditContent& edit) {
  if (!dry_run) return update_file(file, edit);
  const auto content = read_if_there(file);
  if (!content) return tl::unexpected(content.error());
  const auto edited = edit(*content);
  if (!edited) return tl::unexpected(edited.error());
  return {};
}

LoginLine failed(const std::string& file, const std::string& host, std::string why) {
  return {file, host, "", "failed", std::move(why)};
}

bool give_to_helpers(const std::map<std::string, std::string>& helpers, const icr::Login& login,
                     bool dry_run, std::vector<LoginLine>& lines) {
  bool good = true;
  for (const auto& [host, helper] : helpers) {
    const auto program = "docker-credential-" + helper;
    if (dry_run) {
      lines.push_back({program, host, login.username, "stored"});
      continue;
    }
    const auto stored = helper_store(helper, host, login);
    if (stored) {
      lines.push_back({program, host, login.username, "stored"});
    } else {
      lines.push_back(failed(program, host, stored.error() + "; accepted: --file-only"));
      good = false;
    }
  }
  return good;
}

}  // namespace

bool write_logins(const AuthTarget& target, const icr::Hosts& hosts, const icr::Login& login,
                  const WriteWish& wish, std::vector<LoginLine>& lines) {
  std::map<std::string, std::string> helpers;
  std::vector<LoginLine> changed;
  const auto done =
      edit_file(target.file, wish.dry_run, [&](const SecretString& content) -> Edited {
        helpers.clear();
        changed.clear();
        auto file = parsed(target.file, content);
        if (!file) return tl::unexpected(file.error());
        for (const auto& host : hosts) {
          const auto helper = helper_for(*file, target.client, host);
          if (!helper.empty() && !wish.file_only) {
            helpers[host] = helper;
            continue;
          }
          const auto change = file->put(host, login);
          changed.push_back(
              {target.file, host, login.username, std::string(authfile::to_string(change)),
               helper.empty() ? "" : "but docker-credential-" + helper + " is asked instead"});
        }
        // A file that is only read needs not be made.
        return changed.empty() ? content : file->text();
      });
  if (!done) {
    lines.push_back(failed(target.file, "", done.error()));
    return false;
  }
  lines.insert(lines.end(), changed.begin(), changed.end());
  return give_to_helpers(helpers, login, wish.dry_run, lines);
}

bool remove_logins(const AuthTarget& target, const icr::Hosts& hosts, bool dry_run,
                   std::vector<LoginLine>& lines) {
  std::map<std::string, std::string> helpers;
  std::vector<LoginLine> changed;
  const auto before = read_if_there(target.file);
  if (before && before->empty()) return true;  // nothing to take out, and no reason to make a file
  const auto done = edit_file(target.file, dry_run, [&](const SecretString& content) -> Edited {
    helpers.clear();
    changed.clear();
    auto file = parsed(target.file, content);
    if (!file) return tl::unexpected(file.error());
    for (const auto& host : hosts) {
      const auto helper = helper_for(*file, target.client, host);
      if (!helper.empty()) helpers[host] = helper;
    }
    for (const auto& entry : file->entries()) {
      if (!hosts.contains(entry.key)) continue;
      const auto& user = entry.login.username;
      if (!is_ours(user)) {
        if (user.empty() && entry.fault.empty()) continue;  // {}: a helper's
        changed.push_back({target.file, entry.key, user, "kept", "`login` writes no such user"});
        continue;
      }
      file->remove(entry.key);
      changed.push_back({target.file, entry.key, user, "removed"});
    }
    const bool touched = std::any_of(changed.begin(), changed.end(), [](const LoginLine& line) {
      return line.result == "removed";
    });
    return touched ? file->text() : content;
  });
  if (!done) {
    lines.push_back(failed(target.file, "", done.error()));
    return false;
  }
  lines.insert(lines.end(), changed.begin(), changed.end());
  bool good = true;
  for (const auto& [host, helper] : helpers) {
    const auto erased = dry_run ? tl::expected<void, std::string>() : helper_erase(helper, host);
    const auto program = "docker-credential-" + helper;
    if (erased) {
      lines.push_back({program, host, "", "erased"});
    } else {
      lines.push_back(failed(program, host, erased.error()));
      good = false;
    }
  }
  return good;
}

}  // namespace icrps::cli
