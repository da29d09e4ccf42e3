#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/core.h>
#include <memory>
#include <optional>
#include <unistd.h>

#include "authfile/auth_file.hpp"
#include "authfile/merge.hpp"
#include "cli/client/settings.hpp"
#include "cli/exit_codes.hpp"
#include "cli/helper/credential_helper.hpp"
#include "cli/login/auth_targets.hpp"
#include "cli/login/file_update.hpp"
#include "cli/login/login_report.hpp"
#include "cli/options.hpp"
#include "cli/setup.hpp"
#include "helper/protocol.hpp"

namespace icrps::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = "icr";

struct HelperOptions {
  HostWish where;
  std::string clients = "docker,podman";
  std::string authfile;
  bool dry_run = false;
  std::string output = "table";
};

/// The first file of that name in the PATH.
std::optional<fs::path> in_path(const std::string& name) {
  std::string_view path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
  while (!path.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    auto file = fs::path(path.substr(0, end)) / name;
    if (::access(file.c_str(), X_OK) == 0) return file;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return std::nullopt;
}

/// Sees to it that docker finds us by the helper's name. What a person has to know about it.
std::vector<std::string> link_program(bool dry_run) {
  const std::string name(helper::kName);
  std::error_code error;
  const auto own = fs::canonical("/proc/self/exe", error);
  if (const auto there = in_path(name)) {
    if (fs::canonical(*there, error) == own) return {};
    return {
        there->string() +
        " is another program of that name, and docker would run it; remove it, or put a link to " +
        own.string() + " before it in the PATH"};
  }
  const char* const home = std::getenv("HOME");
  if (home == nullptr)
    return {"HOME is not set: link " + own.string() + " as " + name + " into the PATH"};
  const auto link = fs::path(home) / ".local/bin" / name;
  if (!dry_run) {
    fs::create_directories(link.parent_path(), error);
    fs::remove(link, error);
    fs::create_symlink(own, link, error);
    if (error) return {link.string() + ": can't be made: " + error.message()};
  }
  if (in_path(name) || dry_run) return {};
  return {link.string() + " is not in the PATH: add its folder, or docker does not find it"};
}

using Edited = tl::expected<SecretString, std::string>;

/// `change` to each host's helper; whether it went well.
bool change_helpers(const AuthTarget& target, const icr::Hosts& hosts, bool install, bool dry_run,
                    std::vector<LoginLine>& lines) {
  std::vector<LoginLine> changed;
  const auto edit = [&](const SecretString& content) -> Edited {
    changed.clear();
    auto file = authfile::AuthFile::parse(content);
    if (!file) return tl::unexpected(target.file + ": " + file.error());
    const auto helpers = file->helpers();
    for (const auto& host : hosts) {
      const auto old = helpers.find(host);
      if (install) {
        const auto change = file->set_helper(host, kSuffix);
        const bool other = old != helpers.end() && old->second != kSuffix;
        changed.push_back({target.file, host, "", std::string(authfile::to_string(change)),
                           other ? "was docker-credential-" + old->second : ""});
      } else if (old != helpers.end() && old->second == kSuffix) {
        file->remove_helper(host);
        changed.push_back({target.file, host, "", "removed"});
      }
    }
    return changed.empty() ? content : file->text();
  };
  tl::expected<void, std::string> done;
  const auto content = read_if_there(target.file);
  const bool nothing = !install && content && content->empty();
  if (!content) {
    done = tl::unexpected(content.error());
  } else if (dry_run || nothing) {
    const auto edited = edit(*content);
    if (!edited) done = tl::unexpected(edited.error());
  } else {
    done = update_file(target.file, edit, authfile::merged);
  }
  if (!done) {
    lines.push_back({target.file, "", "", "failed", done.error()});
    return false;
  }
  lines.insert(lines.end(), changed.begin(), changed.end());
  return true;
}

int change_installation(const HelperOptions& options, bool install) {
  const auto environment = process_environment();
  const auto settings = read_settings({}, environment);
  if (!settings) {
    complain(settings.error());
    return kUsage;
  }
  const auto hosts = wished_hosts(options.where, install ? settings->regions : "all");
  const auto targets = auth_targets(options.clients, options.authfile, environment);
  if (!hosts || !targets) {
    complain(hosts ? targets.error() : hosts.error());
    return kUsage;
  }
  LoginReport report;
  report.dry_run = options.dry_run;
  for (const auto& target : *targets) {
    if (!change_helpers(target, *hosts, install, options.dry_run, report.lines)) {
      report.exit_code = kFailure;
    }
  }
  if (install) {
    report.notes = link_program(options.dry_run);
    if (!report.notes.empty() && report.exit_code == kOk) report.exit_code = kNotGood;
  }
  fmt::print("{}", options.output == "json" ? login_json(report) : login_table(report));
  for (const auto& note : report.notes) complain(note);
  return report.exit_code;
}

std::vector<Option> helper_options(HelperOptions& options) {
  return {{.names = "--regions",
           .value = "LIST",
           .help = "Region ids, hosts, global or all, with commas between them (default: `regions` "
                   "of client.yaml, else all)",
           .target = &options.where.regions},
          {.names = "--endpoints",
           .value = "public|private|all",
           .help = "Which of the regions' hosts (default: " + options.where.endpoints + ")",
           .target = &options.where.endpoints,
           .accepted = {"public", "private", "all"}},
          {.names = "--for",
           .value = "CLIENTS",
           .help = "Whose files: docker, podman (default: " + options.clients + ")",
           .target = &options.clients},
          {.names = "--authfile",
           .value = "FILE",
           .help = "This file instead of theirs",
           .target = &options.authfile},
          {.names = "--dry-run",
           .help = "Show what would change, and write nothing",
           .target = &options.dry_run},
          output_option(options.output)};
}

Command installation(bool install) {
  const auto options = std::make_shared<HelperOptions>();
  if (!install) options->where.endpoints = "all";
  return {
      .name = install ? "install" : "uninstall",
      .summary = install ? "Have docker and podman ask this program for logins" : "Undo install",
      .synopsis =
          "[--regions LIST|all] [--endpoints public|private|all] [--for docker,podman] "
          "[--authfile FILE] [--dry-run] [-o table|json]",
      .options = helper_options(*options),
      .examples =
          install ? std::vector<Example>{{"icr-pull-secrets helper install --regions "
                                          "us-south,eu-de",
                                          "for the hosts that you use: docker build "
                                          "runs the helper once for each"}}
                  : std::vector<Example>{{"icr-pull-secrets helper uninstall", "of all regions"}},
      .exit_codes = {{kOk, "done"},
                     {kFailure, "a file can't be written"},
                     {kUsage, "the command line or client.yaml makes no sense"},
                     {kNotGood,
                      "install: docker would not find the helper; the message says "
                      "what to do"}},
      .needs = Needs::kNothing,
      .work = [options, install] { return change_installation(*options, install); }};
}

}  // namespace

Command helper_command() {
  return {.name = "helper",
          .summary = "Be a credential helper of docker and podman: no login is kept in their files",
          .commands = {installation(true), installation(false)}};
}

}  // namespace icrps::cli
