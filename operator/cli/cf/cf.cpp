#include "cli/cf/cf.hpp"

#include <fmt/core.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "cf/pure/snippets.hpp"
#include "cli/cf/rotate.hpp"
#include "cli/client/person.hpp"
#include "cli/exit_codes.hpp"
#include "cli/setup.hpp"
#include "iam/registry_probe.hpp"
#include "icr/regions.hpp"

namespace icrps::cli {
namespace {

struct AppOptions {
  std::string app;
  std::string image;
};

const ExitCode kWrongLine{kUsage, "the command line, the API key's place or client.yaml is wrong"};

/// The image, if that is what it is.
bool is_image(const std::string& text) {
  if (iam::parse_image_reference(text)) return true;
  complain("--image " + icr::quoted(text) + ": accepted: HOST/NAMESPACE/NAME:TAG or …@sha256:…");
  return false;
}

int print_env(const KeyOptions& options) {
  if (::isatty(STDOUT_FILENO) == 1) {
    complain(
        "this prints the API key, and on a terminal everybody can read "
        "it. Use: "
        "eval \"$(icr-pull-secrets cf env …)\"");
    return kUsage;
  }
  return with_person(options, [](Person& person) {
    if (!person.key.profile.empty()) {
      complain(
          "--profile: cf push sends the user name iamapikey; use a key "
          "that may pull itself");
      return kUsage;
    }
    if (const auto why = cf::why_not_a_token(person.key.value)) {
      complain(person.key.from + ": " + *why);
      return kNotGood;
    }
    fmt::print("{}", cf::env_line(person.key.value).reveal());
    return kOk;
  });
}

std::vector<Option> app_options(AppOptions& options) {
  return {{.names = "APP", .help = "The app's name", .target = &options.app, .required = true},
          {.names = "--image",
           .value = "IMAGE",
           .help = "us.icr.io/team/app:1",
           .target = &options.image,
           .required = true}};
}

Command env_command() {
  const auto options = std::make_shared<KeyOptions>();
  return {.name = "env",
          .summary = "Print the line for a shell that cf push takes the API key from",
          .synopsis = "KEY …",
          .options = with_key(*options, {}),
          .examples = {{R"sh(eval "$(icr-pull-secrets cf env --apikey-file key.txt)")sh",
                        "sets CF_DOCKER_PASSWORD in this shell"}},
          .exit_codes = {{kOk, "printed"},
                         kWrongLine,
                         {kNotGood, "it is a token, which Cloud Foundry can't live with"}},
          .work = [options] { return print_env(*options); }};
}

Command manifest_command() {
  const auto options = std::make_shared<AppOptions>();
  return {.name = "manifest",
          .summary = "Print the part of a manifest.yml for an image of the registry",
          .synopsis = "APP --image IMAGE",
          .options = app_options(*options),
          .examples = {{"icr-pull-secrets cf manifest shop --image us.icr.io/team/shop:1",
                        "the app shop"}},
          .exit_codes = {{kOk, "printed"}, kWrongLine},
          .needs = Needs::kNothing,
          .work = [options] {
            if (!is_image(options->image)) return kUsage;
            fmt::print("{}", cf::manifest(options->app, options->image));
            return kOk;
          }};
}

Command push_command() {
  const auto options = std::make_shared<AppOptions>();
  return {
      .name = "push",
      .summary = "Print the commands that push an app with an image of the registry",
      .synopsis = "APP --image IMAGE",
      .options = app_options(*options),
      .examples = {{"icr-pull-secrets cf push shop --image us.icr.io/team/shop:1", "the app shop"}},
      .exit_codes = {{kOk, "printed"}, kWrongLine},
      .needs = Needs::kNothing,
      .work = [options] {
        if (!is_image(options->image)) return kUsage;
        fmt::print(
            "eval \"$(icr-pull-secrets cf env)\"\n{}\nunset "
            "CF_DOCKER_PASSWORD\n",
            cf::push_line(options->app, options->image));
        return kOk;
      }};
}

}  // namespace

Command cf_command() {
  return {.name = "cf",
          .summary = "Images of the registry in Cloud Foundry",
          .commands = {env_command(), manifest_command(), push_command(), cf_rotate_command()}};
}

}  // namespace icrps::cli
