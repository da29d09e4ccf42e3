#include "cli/token.hpp"

#include <fmt/core.h>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/client/person.hpp"
#include "cli/exit_codes.hpp"
#include "cli/setup.hpp"

namespace icrps::cli {
namespace {

struct TokenOptions : KeyOptions {
  bool refresh = false;
};

int print_token(const iam::Token& token, const TokenOptions& options) {
  const auto& value = options.refresh ? token.refresh : token.access;
  if (options.output == "json") {
    nlohmann::ordered_json report{{"token", value.reveal()}};
    if (!options.refresh) report["expiresInSeconds"] = token.lifetime.count();
    fmt::print("{}\n", report.dump());
  } else {
    fmt::print("{}\n", value.reveal());
  }
  return kOk;
}

int give_token(const TokenOptions& options) {
  if (options.refresh && !options.profile.empty()) {
    complain(
        "--refresh: a trusted profile has no refresh token; leave "
        "--profile away");
    return kUsage;
  }
  return with_person(options, [&](Person& person) {
    const auto token = options.refresh
                           ? person.outside.iam->session_by_api_key(person.key.value, {})
                           : log_in_at_iam(*person.outside.iam, person.key);
    if (!token) return refused(token.error());
    if (options.refresh && token->refresh.empty()) {
      complain(person.outside.iam_host + " gave no refresh token for this key");
      return kFailure;
    }
    return print_token(*token, options);
  });
}

}  // namespace

Command token_command() {
  const auto options = std::make_shared<TokenOptions>();
  return {
      .name = "token",
      .summary = "Print an IAM access token for scripts",
      .synopsis = "[--refresh] KEY …",
      .options = with_key(*options, {{.names = "--refresh",
                                      .help = "A refresh token instead, which lives for days "
                                              "(user name iamrefresh)",
                                      .target = &options->refresh}}),
      .examples =
          {{R"sh(skopeo inspect --creds "iambearer:$(icr-pull-secrets token)" docker://us.icr.io/team/app:1)sh",
            "a program that takes a user and a password"},
           {R"sh(curl -H "Authorization: Bearer $(icr-pull-secrets token)" …)sh",
            "IBM Cloud's APIs"}},
      .exit_codes = {{kOk, "printed"},
                     {kFailure, "IAM did not answer, or not with a token"},
                     {kUsage, "the command line, the API key's place or client.yaml is wrong"},
                     {kNotGood, "IAM refuses the API key"}},
      .work = [options] { return give_token(*options); }};
}

}  // namespace icrps::cli
