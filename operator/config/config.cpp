#include "config/config.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "config/credentials.hpp"
#include "config/fields.hpp"
#include "config/iam.hpp"
#include "config/leader_election.hpp"
#include "config/opt_in.hpp"
#include "config/proxy.hpp"
#include "config/read_file.hpp"
#include "config/yaml_tree.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

std::vector<std::string> read_service_accounts(const Located& at) {
  std::vector<std::string> accounts;
  for (const Located& item : items_of(at, "a list of names and globs; [] for none")) {
    const std::string& pattern = text_of(item, "the name of a service account, or a glob");
    if (pattern == "none") item.fail("is \"none\"", "names and globs; for none an empty list, []");
    if (const auto mistake = check_account_pattern(pattern)) {
      throw Failure{item.value.line, fmt::format("{}: {}", item.path, mistake->message)};
    }
    if (std::find(accounts.begin(), accounts.end(), pattern) == accounts.end()) {
      accounts.push_back(pattern);
    }
  }
  return accounts;
}

void read_regions(const Located& at, icr::RegionTable& table) {
  std::map<std::string, std::string> old_names;
  for (const auto& [id, region] : table.regions()) {
    for (const std::string& alias : region.aliases) old_names[alias] = id;
  }
  for (const Entry& entry : entries_of(at, "a map from region ids to hosts; {} for none")) {
    const auto refuse = [](int line, const Located& where, const std::string& message) {
      throw Failure{line, fmt::format("{}: {}", where.path, message)};
    };
    const auto& [key, value] = entry;
    if (const auto mistake = icr::check_region_id(key.text)) refuse(key.line, at, mistake->message);
    if (const auto old = old_names.find(key.text); old != old_names.end()) {
      refuse(key.line, at,
             fmt::format("{} is the old name of a region; accepted: its id, {}",
                         icr::quoted(key.text), old->second));
    }
    const std::string& host = text_of(value, "a host such as xx.icr.io");
    if (const auto mistake = icr::check_host(host)) refuse(value.value.line, at, mistake->message);
    table.set(key.text, host);
  }
}

void read_log(const Located& at, Config& config) {
  static const std::map<std::string, LogLevel> levels{{"debug", LogLevel::kDebug},
                                                      {"info", LogLevel::kInfo},
                                                      {"warn", LogLevel::kWarn},
                                                      {"error", LogLevel::kError}};
  static const std::map<std::string, LogFormat> formats{
      {"auto", LogFormat::kAuto}, {"json", LogFormat::kJson}, {"text", LogFormat::kText}};
  const Fields fields(at, {"level", "format"});
  if (const auto level = fields.find("level")) {
    config.log_level = levels.at(choice_of(*level, {"debug", "info", "warn", "error"}));
  }
  if (const auto format = fields.find("format")) {
    config.log_format = formats.at(choice_of(*format, {"auto", "json", "text"}));
  }
}

Rescue read_rescue(const Located& at) {
  using namespace std::chrono_literals;
  const Fields fields(at, {"enabled", "after"});
  Rescue rescue;
  if (const auto enabled = fields.find("enabled")) rescue.enabled = bool_of(*enabled);
  if (const auto after = fields.find("after")) rescue.after = duration_of(*after, 1s, 1h);
  return rescue;
}

Events read_events(const Located& at) {
  const Fields fields(at, {"success"});
  Events events;
  if (const auto success = fields.find("success")) events.success = bool_of(*success);
  return events;
}

/// Below 10 s a busy machine alone would be a failure.
Liveness read_liveness(const Located& at) {
  using namespace std::chrono_literals;
  const Fields fields(at, {"watch", "queue", "worker"});
  Liveness liveness;
  const auto read = [&](const char* key, std::chrono::seconds& value) {
    if (const auto field = fields.find(key)) value = duration_of(*field, 10s, 24h);
  };
  read("watch", liveness.watch);
  read("queue", liveness.queue);
  read("worker", liveness.worker);
  return liveness;
}

/// What may be written where, and what is done with what others wrote.
void read_reach(const Fields& fields, Config& config) {
  if (const auto at = fields.find("endpoints")) {
    config.endpoints = icr::parse_endpoints(choice_of(*at, {"public", "private", "all"})).value();
  }
  if (const auto at = fields.find("serviceAccounts")) {
    config.service_accounts = read_service_accounts(*at);
  }
  if (const auto at = fields.find("attach")) {
    const bool pods = choice_of(*at, {"serviceAccounts", "podsOnly"}) == "podsOnly";
    config.attach = pods ? plan::Attach::kPodsOnly : plan::Attach::kServiceAccounts;
  }
  if (const auto at = fields.find("conflict")) {
    const bool adopt = choice_of(*at, {"skip", "adopt"}) == "adopt";
    config.conflict = adopt ? plan::Conflict::kAdopt : plan::Conflict::kSkip;
  }
  if (const auto at = fields.find("regions")) read_regions(*at, config.regions);
}

/// What is asked outside of the cluster, and how.
void read_outside(const Fields& fields, Config& config) {
  if (const auto at = fields.find("iam")) config.iam = read_iam(*at);
  if (const auto at = fields.find("registry")) config.registry = read_registry(*at);
  if (const auto at = fields.find("proxy")) config.proxy = read_proxy(*at);
  if (const auto at = fields.find("proof")) config.proof = read_proof(*at);
}

Config read_config(const YamlValue& root) {
  if (root.kind == YamlValue::Kind::kNull) {
    throw Failure{0, "is empty; accepted: apiVersion, kind, credentials and more"};
  }
  const Located document{root, ""};
  const Fields fields(document,
                      {"apiVersion", "kind",        "optIn",   "endpoints",      "serviceAccounts",
                       "attach",     "conflict",    "iam",     "registry",       "proxy",
                       "proof",      "rescue",      "events",  "leaderElection", "liveness",
                       "regions",    "credentials", "retired", "workers",        "log"});
  constexpr const char* kVersion = "icr-pull-secrets/v1alpha1";
  constexpr const char* kKind = "OperatorConfiguration";
  static_cast<void>(choice_of(fields.need("apiVersion", kVersion), {kVersion}));
  static_cast<void>(choice_of(fields.need("kind", kKind), {kKind}));
  Config config;
  read_reach(fields, config);
  read_outside(fields, config);
  if (const auto at = fields.find("rescue")) config.rescue = read_rescue(*at);
  if (const auto at = fields.find("events")) config.events = read_events(*at);
  if (const auto at = fields.find("leaderElection")) {
    config.leader_election = read_leader_election(*at);
  }
  if (const auto at = fields.find("liveness")) config.liveness = read_liveness(*at);
  config.credentials = read_credentials(
      fields.need("credentials", "a list of at least one credential"), config.regions);
  if (const auto at = fields.find("retired")) {
    config.retired = read_retired(*at, config.credentials);
  }
  if (const auto at = fields.find("optIn")) config.opt_in = read_opt_in(*at, config);
  if (const auto at = fields.find("workers")) config.workers = number_of(*at, 1, 64);
  if (const auto at = fields.find("log")) read_log(*at, config);
  return config;
}

}  // namespace

tl::expected<Config, ConfigError> parse_config(std::string_view text, const std::string& file) {
  try {
    if (text.size() > kLargestFile) throw Failure{0, "is larger than 1 MiB"};
    return read_config(parse_yaml(text));
  } catch (const Failure& failure) {
    return tl::make_unexpected(error_at(file, failure.line, failure.message));
  }
}

tl::expected<Config, ConfigError> load_config(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return tl::make_unexpected(text.error());
  return parse_config(*text, file);
}

std::optional<icr::Mistake> check_account_pattern(std::string_view pattern) {
  const auto is_wildcard = [](char c) { return c == '*' || c == '?'; };
  const auto may_stand = [&](char c) {
    return icr::is_lower(c) || icr::is_digit(c) || c == '-' || c == '.' || is_wildcard(c);
  };
  const bool glob = std::any_of(pattern.begin(), pattern.end(), is_wildcard);
  const bool ok =
      glob ? pattern.size() <= 253 && std::all_of(pattern.begin(), pattern.end(), may_stand)
           : icr::is_dns_subdomain(pattern);
  if (ok) return std::nullopt;
  return icr::Mistake{fmt::format(
      "{} is not the name of a service account; accepted: lower-case letters, digits, inner - and "
      "., at most 253, with * for any text and ? for any character",
      icr::quoted(pattern))};
}

}  // namespace icrps::config
