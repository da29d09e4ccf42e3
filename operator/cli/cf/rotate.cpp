#include "cli/cf/rotate.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <memory>

#include <nlohmann/json.hpp>

#include "cf/api.hpp"
#include "cf/pure/session.hpp"
#include "cf/pure/snippets.hpp"
#include "cf/rotation.hpp"
#include "cli/client/person.hpp"
#include "cli/exit_codes.hpp"
#include "cli/setup.hpp"
#include "cli/table.hpp"
#include "config/read_file.hpp"

namespace icrps::cli {
namespace {

struct CfRotateOptions : KeyOptions {
  std::vector<std::string> apps;
  bool all = false;
  bool dry_run = false;
};

/// Where cf keeps its login: $CF_HOME/.cf/config.json, else the home folder's.
std::string session_file(const Environment& environment) {
  const auto home = environment("CF_HOME");
  return (home ? *home : environment("HOME").value_or("")) + "/.cf/config.json";
}

tl::expected<cf::Session, std::string> find_session() {
  const auto file = session_file(process_environment());
  const auto text = config::read_file(file);
  if (!text) return tl::unexpected(text.error().message + ". Log in with cf login");
  auto session = cf::read_session(*text);
  if (!session) return tl::unexpected(file + " " + session.error());
  return session;
}

std::string apps_json(const std::vector<cf::AppOutcome>& outcomes) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& one : outcomes) {
    list.push_back({{"app", one.app}, {"result", to_string(one.result)}, {"detail", one.detail}});
  }
  const nlohmann::ordered_json report{{"apps", std::move(list)}};
  return report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

std::string apps_text(const std::vector<cf::AppOutcome>& outcomes) {
  std::vector<Row> rows{{"APP", "RESULT", "DETAIL"}};
  std::string restage;
  for (const auto& one : outcomes) {
    rows.push_back({one.app, std::string(to_string(one.result)), one.detail});
    if (one.result == cf::AppOutcome::Result::kChanged) {
      restage += fmt::format("  {}\n", cf::restage_line(one.app));
    }
  }
  if (!restage.empty()) restage.insert(0, "\nThe new key is in use after\n");
  return format_table(rows) + restage;
}

int rotate_in(const cf::Session& session, const CfRotateOptions& options, const Person& person) {
  const auto transport = person.outside.connect(session.api, session.authorization);
  cf::Api api(*transport, session.api.substr(session.api.rfind('/') + 1));
  const cf::RotationWish wish{session.space_guid, options.apps, person.key.login(),
                              options.dry_run};
  const auto outcomes = cf::rotate_apps(api, wish, [&](const iam::ImageReference& image) {
    const auto proved = person.outside.registries.prove(image.host, wish.login, image.image, {});
    return proved ? std::string() : proved.error().message;
  });
  if (!outcomes) {
    complain(outcomes.error());
    return kFailure;
  }
  fmt::print("{}", options.output == "json" ? apps_json(*outcomes) : apps_text(*outcomes));
  const bool good = std::all_of(outcomes->begin(), outcomes->end(), [](const auto& one) {
    return one.result != cf::AppOutcome::Result::kRefused &&
           one.result != cf::AppOutcome::Result::kFailed;
  });
  return good ? kOk : kNotGood;
}

int rotate_for(const CfRotateOptions& options, const Person& person) {
  if (const auto why = cf::why_not_a_token(person.key.value)) {
    complain(person.key.from + ": " + *why);
    return kNotGood;
  }
  const auto session = find_session();
  if (!session) {
    complain(session.error());
    return kUsage;
  }
  return rotate_in(*session, options, person);
}

int rotate_given(const CfRotateOptions& options) {
  if (options.apps.empty() != options.all) {
    complain("accepted: names of apps, or --all for all of the space");
    return kUsage;
  }
  return with_person(options, [&](Person& person) { return rotate_for(options, person); });
}

}  // namespace

Command cf_rotate_command() {
  const auto options = std::make_shared<CfRotateOptions>();
  return {.name = "rotate",
          .summary = "Give apps of the targeted space another API key for their images",
          .synopsis = "[APP]… [--all] [--dry-run] KEY …",
          .options =
              with_key(*options, {{.names = "APP", .help = "Which apps", .target = &options->apps},
                                  {.names = "--all",
                                   .help = "All apps of the space with an image of IBM's "
                                           "registry",
                                   .target = &options->all},
                                  {.names = "--dry-run",
                                   .help = "Only prove the key and show what would change",
                                   .target = &options->dry_run}}),
          .examples = {{"icr-pull-secrets cf rotate --all --apikey-file new-key.txt",
                        "after cf login and cf target"}},
          .exit_codes = {{kOk, "changed; restage the apps with the commands that are printed"},
                         {kFailure, "Cloud Foundry does not answer, or its login has ended"},
                         {kUsage,
                          "the command line, the API key's place or the login of cf "
                          "is wrong"},
                         {kNotGood, "an app has not been changed, or it is a token"}},
          .work = [options] { return rotate_given(*options); }};
}

}  // namespace icrps::cli
