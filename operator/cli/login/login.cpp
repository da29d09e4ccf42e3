#include "cli/login/login.hpp"

#include <chrono>
#include <fmt/core.h>
#include <memory>
#include <unistd.h>

#include "authfile/auth_file.hpp"
#include "cli/client/key.hpp"
#include "cli/client/time_limit.hpp"
#include "cli/exit_codes.hpp"
#include "cli/login/auth_targets.hpp"
#include "cli/login/auth_writer.hpp"
#include "cli/login/file_update.hpp"
#include "cli/login/host_answers.hpp"
#include "cli/login/login_report.hpp"
#include "cli/options.hpp"
#include "cli/outside.hpp"
#include "cli/setup.hpp"

namespace icrps::cli {
namespace {

struct LoginOptions : KeyOptions {
  HostWish where;
  std::string clients = "docker,podman";
  std::string authfile;
  bool token = false;
  WriteWish wish;
};

struct LogoutOptions {
  HostWish where;
  std::string clients = "docker,podman";
  std::string authfile;
  bool dry_run = false;
  std::string output = "table";
};

struct LoginPlan {
  Settings settings;
  icr::Hosts hosts;
  std::vector<AuthTarget> targets;
  Key key;
};

tl::expected<LoginPlan, std::string> make_plan(const LoginOptions& options) {
  LoginPlan plan;
  const auto environment = process_environment();
  auto settings = read_settings(options, environment);
  if (!settings) return tl::unexpected(settings.error());
  plan.settings = std::move(*settings);
  auto hosts = wished_hosts(options.where, plan.settings.regions);
  if (!hosts) return tl::unexpected(hosts.error());
  plan.hosts = std::move(*hosts);
  auto targets = auth_targets(options.clients, options.authfile, environment);
  if (!targets) return tl::unexpected(targets.error());
  plan.targets = std::move(*targets);
  if (options.token && !options.profile.empty()) {
    return tl::unexpected<std::string>(
        "--token and --profile: accepted: one of them; a profile logs in with the API key");
  }
  auto key = find_key(options, plan.settings, process_places());
  if (!key) return tl::unexpected(key.error());
  plan.key = std::move(*key);
  return plan;
}

config::Config config_for(const Settings& settings) {
  config::Config config;
  config.iam.origin = settings.iam_origin;
  config.iam.ca_file = settings.ca_file;
  config.registry.ca_file = settings.ca_file;
  return config;
}

void show_progress(std::size_t answered, std::size_t all) {
  if (::isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r{} of {} hosts answered{}", answered, all, answered == all ? "\n" : "");
}

LoginLine line_of(const std::string& host, const std::string& user,
                  const std::optional<credentials::Answer>& reply) {
  if (!reply) return {"", host, user, "silent", host + " does not answer"};
  const auto& refusal = reply->error();
  const bool silent = credentials::word_of(*reply) == credentials::Word::kSilent;
  return {"", host, user, silent ? "silent" : std::string(iam::to_string(refusal.kind)),
          refusal.message};
}

class LoginRun {
 public:
  LoginRun(const LoginOptions& options, const LoginPlan& plan, const Outside& outside)
      : options_(options), plan_(plan), outside_(outside) {}

  /// False: IAM gives no token; nothing was asked at hosts.
  bool at_iam() {
    const TimeLimit limit(plan_.settings.timeout);
    auto token = outside_.iam->token_by_api_key(plan_.key.value, limit.token());
    login_ = plan_.key.login();
    if (!token) {
      complain("the API key (" + plan_.key.from + "): " + token.error().message +
               "; nothing was changed");
      return false;
    }
    if (options_.token) {
      login_ = {icr::kBearerUser, std::move(token->access)};
      report_.expires_at = std::chrono::system_clock::now() + token->lifetime;
    }
    return true;
  }

  void at_hosts() {
    const HostPatience patience{plan_.settings.timeout};
    const auto replies = prove_at_hosts(credentials::ask_registries(outside_.registries), login_,
                                        plan_.hosts, patience, show_progress);
    for (const auto& [host, reply] : replies) {
      if (reply && *reply) {
        proved_.insert(host);
      } else {
        report_.lines.push_back(line_of(host, login_.username, reply));
        report_.exit_code = kNotGood;
      }
    }
  }

  void write() {
    report_.dry_run = options_.wish.dry_run;
    if (proved_.empty()) return;
    std::vector<LoginLine> lines;
    for (const auto& target : plan_.targets) {
      if (!write_logins(target, proved_, login_, options_.wish, lines)) {
        report_.exit_code = kFailure;
      }
    }
    report_.lines.insert(report_.lines.begin(), lines.begin(), lines.end());
  }

  [[nodiscard]] const LoginReport& report() const { return report_; }

 private:
  const LoginOptions& options_;
  const LoginPlan& plan_;
  const Outside& outside_;
  icr::Login login_;
  icr::Hosts proved_;
  LoginReport report_;
};

int show_login(const LoginReport& report, const std::string& output) {
  fmt::print("{}", output == "json" ? login_json(report) : login_table(report));
  for (const auto& note : report.notes) complain(note);
  return report.exit_code;
}

void warn_of_environment() {
  if (!process_environment()("DOCKER_AUTH_CONFIG")) return;
  complain(
      "warning: DOCKER_AUTH_CONFIG is set: docker takes the logins in it before those in its file");
}

/// podman reads the session's file first.
void warn_of_session(const LoginPlan& plan) {
  const auto file = authfile::podman_session_file(process_environment());
  const auto content = file.empty() ? SecretString() : read_if_there(file).value_or(SecretString());
  const auto session = authfile::AuthFile::parse(content);
  if (!session) return;
  for (const auto& entry : session->entries()) {
    if (!plan.hosts.contains(entry.key)) continue;
    complain("warning: podman takes what " + file + " has for " + entry.key +
             " first; `podman logout " + entry.key + "` removes it");
  }
}

int do_login(const LoginOptions& options) {
  const auto plan = make_plan(options);
  if (!plan) {
    complain(plan.error());
    return kUsage;
  }
  const auto outside = roads_outside(config_for(plan->settings), {[](auto, auto) {}});
  if (!outside) {
    complain(outside.error());
    return kUsage;
  }
  warn_of_environment();
  warn_of_session(*plan);
  LoginRun run(options, *plan, *outside);
  if (!run.at_iam()) return kNotGood;
  run.at_hosts();
  run.write();
  return show_login(run.report(), options.output);
}

int do_logout(const LogoutOptions& options) {
  const auto environment = process_environment();
  const auto settings = read_settings({}, environment);
  const auto hosts =
      settings ? wished_hosts(options.where, "all") : tl::unexpected(settings.error());
  if (!hosts) {
    complain(hosts.error());
    return kUsage;
  }
  const auto targets = auth_targets(options.clients, options.authfile, environment);
  if (!targets) {
    complain(targets.error());
    return kUsage;
  }
  warn_of_environment();
  LoginReport report;
  report.dry_run = options.dry_run;
  for (const auto& target : *targets) {
    if (!remove_logins(target, *hosts, options.dry_run, report.lines)) report.exit_code = kFailure;
  }
  return show_login(report, options.output);
}

/// Those that both have.
std::vector<Option> where_options(HostWish& where, std::string& clients, std::string& authfile,
                                  const std::string& regions_default) {
  return {
      {.names = "HOST", .help = "A registry's host: us.icr.io (repeat)", .target = &where.hosts},
      {.names = "--regions",
       .value = "LIST",
       .help = "Region ids, hosts, global or all, with commas between them (default: " +
               regions_default + ")",
       .target = &where.regions},
      {.names = "--endpoints",
       .value = "public|private|all",
       .help = "Which of the regions' hosts (default: " + where.endpoints + ")",
       .target = &where.endpoints,
       .accepted = {"public", "private", "all"}},
      {.names = "--for",
       .value = "CLIENTS",
       .help = "Whose files: docker, podman (default: " + clients + ")",
       .target = &clients},
      {.names = "--authfile",
       .value = "FILE",
       .help = "This file instead of theirs",
       .target = &authfile}};
}

std::vector<Option> login_options(LoginOptions& options) {
  auto all = where_options(options.where, options.clients, options.authfile,
                           "`regions` of client.yaml, else all, unless a HOST is given");
  all.push_back({.names = "--token",
                 .help = "Write an access token, which ends within an hour, instead of the API key",
                 .target = &options.token});
  all.push_back({.names = "--file-only",
                 .help = "Write into the file also where a credential helper is asked instead",
                 .target = &options.wish.file_only});
  all.push_back({.names = "--dry-run",
                 .help = "Prove the login, show what would change, and write nothing",
                 .target = &options.wish.dry_run});
  return with_key(options, std::move(all));
}

std::vector<Option> logout_options(LogoutOptions& options) {
  auto all = where_options(options.where, options.clients, options.authfile,
                           "all, unless a HOST is given");
  all.push_back({.names = "--dry-run",
                 .help = "Show what would be removed, and write nothing",
                 .target = &options.dry_run});
  all.push_back(output_option(options.output));
  return all;
}

}  // namespace

Command login_command() {
  const auto options = std::make_shared<LoginOptions>();
  return {.name = "login",
          .summary = "Log in docker and podman at all regions at once",
          .synopsis =
              "[HOST]… [--regions LIST|all] [--endpoints public|private|all] [--for "
              "docker,podman] [--authfile FILE] [--token] [--file-only] [--dry-run] KEY …",
          .options = login_options(*options),
          .examples = {{"icr-pull-secrets login --apikey-file key.txt",
                        "all regions, for docker and podman"},
                       {"icr-pull-secrets login us.icr.io de.icr.io --for docker",
                        "two hosts, with a key from $IBMCLOUD_API_KEY or the terminal"},
                       {"icr-pull-secrets login --regions us-south --endpoints private "
                        "--apikey-stdin < key.txt",
                        "a region's private host"}},
          .exit_codes = {{kOk, "logged in everywhere"},
                         {kFailure, "a file can't be written, or a credential helper fails"},
                         {kUsage, "the command line, client.yaml or the API key makes no sense"},
                         {kNotGood, "IAM or a host refuses or is silent; the others were written"}},
          .work = [options] { return do_login(*options); }};
}

Command logout_command() {
  const auto options = std::make_shared<LogoutOptions>();
  options->where.endpoints = "all";
  return {.name = "logout",
          .summary = "Remove what login has written",
          .synopsis =
              "[HOST]… [--regions LIST|all] [--endpoints public|private|all] [--for "
              "docker,podman] [--authfile FILE] [--dry-run] [-o table|json]",
          .options = logout_options(*options),
          .examples = {{"icr-pull-secrets logout", "all regions, of docker and podman"}},
          .exit_codes = {{kOk, "nothing of it is left"},
                         {kFailure, "a file can't be written, or a credential helper fails"},
                         {kUsage, "the command line or client.yaml makes no sense"}},
          .needs = Needs::kNothing,
          .work = [options] { return do_logout(*options); }};
}

}  // namespace icrps::cli
