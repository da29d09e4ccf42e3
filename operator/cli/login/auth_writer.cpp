#include "cli/login/auth_writer.hpp"

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "authfile/auth_file.hpp"
#include "authfile/merge.hpp"
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
  if (!dry_run) return update_file(file, edit, authfile::merged);
  const auto content = read_if_there(file);
  if (!content) return tl::unexpected(content.error());
  const auto edited = edit(*content);
  if (!edited) return tl::unexpected(edited.error());
  return {};
}

LoginLine failed(const std::string& file, const std::string& host, std::string why) {
  return {file, host, "", "failed", std::move(why)};
}

/// What an edit of a file found and did. Begun anew when the file has changed meanwhile.
struct FileEdit {
  std::map<std::string, std::string> helpers;  ///< host → the helper that is asked instead
  std::vector<LoginLine> lines;
};
/// Edits the file and says what its text is then.
using EditLogins =
    std::function<SecretString(AuthFile& file, const SecretString& content, FileEdit& edit)>;

/// Nothing: it failed, which is told in `lines`.
std::optional<FileEdit> edit_logins(const AuthTarget& target, bool dry_run,
                                    const EditLogins& change, std::vector<LoginLine>& lines) {
  FileEdit edit;
  const auto done = edit_file(target.file, dry_run, [&](const SecretString& content) -> Edited {
    edit = {};
    auto file = parsed(target.file, content);
    if (!file) return tl::unexpected(file.error());
    return change(*file, content, edit);
  });
  if (!done) {
    lines.push_back(failed(target.file, "", done.error()));
    return std::nullopt;
  }
  lines.insert(lines.end(), edit.lines.begin(), edit.lines.end());
  return edit;
}

/// What a helper is told about each of its hosts.
struct HelperCall {
  std::function<tl::expected<void, std::string>(const std::string& helper, const std::string& host)>
      call;
  std::string user;
  std::string done;       ///< "stored"
  std::string otherwise;  ///< what to do when it fails, or empty
};

bool tell_helpers(const FileEdit& edit, const HelperCall& what, bool dry_run,
                  std::vector<LoginLine>& lines) {
  bool good = true;
  for (const auto& [host, helper] : edit.helpers) {
    const auto program = "docker-credential-" + helper;
    const auto told = dry_run ? tl::expected<void, std::string>() : what.call(helper, host);
    lines.push_back(told ? LoginLine{program, host, what.user, what.done}
                         : failed(program, host, told.error() + what.otherwise));
    good = good && told;
  }
  return good;
}

}  // namespace

bool write_logins(const AuthTarget& target, const icr::Hosts& hosts, const icr::Login& login,
                  const WriteWish& wish, std::vector<LoginLine>& lines) {
  const auto put = [&](AuthFile& file, const SecretString& content, FileEdit& edit) {
    for (const auto& host : hosts) {
      const auto helper = helper_for(file, target.client, host);
      if (!helper.empty() && !wish.file_only) {
        edit.helpers[host] = helper;
        continue;
      }
      const auto change = file.put(host, login);
      edit.lines.push_back(
          {target.file, host, login.username, std::string(authfile::to_string(change)),
           helper.empty() ? "" : "but docker-credential-" + helper + " is asked instead"});
    }
    // A file that is only read needs not be made.
    return edit.lines.empty() ? content : file.text();
  };
  const auto edit = edit_logins(target, wish.dry_run, put, lines);
  const auto store = [&](const std::string& helper, const std::string& host) {
    return helper_store(helper, host, login);
  };
  return edit && tell_helpers(*edit, {store, login.username, "stored", "; accepted: --file-only"},
                              wish.dry_run, lines);
}

bool remove_logins(const AuthTarget& target, const icr::Hosts& hosts, bool dry_run,
                   std::vector<LoginLine>& lines) {
  const auto before = read_if_there(target.file);
  if (before && before->empty()) return true;  // nothing to take out, and no reason to make a file
  const auto take_out = [&](AuthFile& file, const SecretString& content, FileEdit& edit) {
    for (const auto& host : hosts) {
      const auto helper = helper_for(file, target.client, host);
      if (!helper.empty()) edit.helpers[host] = helper;
    }
    bool touched = false;
    for (const auto& entry : file.entries()) {
      if (!hosts.contains(entry.key)) continue;
      const auto& user = entry.login.username;
      if (!is_ours(user)) {
        if (user.empty() && entry.fault.empty()) continue;  // {}: a helper's
        edit.lines.push_back({target.file, entry.key, user, "kept", "`login` writes no such user"});
        continue;
      }
      file.remove(entry.key);
      touched = true;
      edit.lines.push_back({target.file, entry.key, user, "removed"});
    }
    return touched ? file.text() : content;
  };
  const auto edit = edit_logins(target, dry_run, take_out, lines);
  return edit && tell_helpers(*edit, {helper_erase, "", "erased", ""}, dry_run, lines);
}

}  // namespace icrps::cli
