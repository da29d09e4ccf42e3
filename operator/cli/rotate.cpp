#include "cli/rotate.hpp"

#include <algorithm>
#include <fmt/core.h>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/exit_codes.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "cli/setup.hpp"
#include "credentials/rotation/kube_state_store.hpp"
#include "credentials/rotation/pure/state.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::cli {
namespace {

struct RotateOptions : CommonOptions {
  std::string credential;
};

/// The credential, if it is one whose key the operator makes itself.
const config::Credential* find(const config::Config& config, const std::string& name) {
  const auto found =
      std::find_if(config.credentials.begin(), config.credentials.end(), [&](const auto& one) {
        return one.name == name && std::holds_alternative<config::ServiceIdSource>(one.source);
      });
  return found == config.credentials.end() ? nullptr : &*found;
}

int ask(Session& session, const RotateOptions& options) {
  if (find(session.config, options.credential) == nullptr) {
    complain("--credential " + options.credential +
             ": accepted: the name of a credential with the source serviceId; the keys of the "
             "others are not made by the operator: change the source Secret instead");
    return kUsage;
  }
  const auto secret = credentials::rotation::state_secret_name(options.credential);
  const nlohmann::json patch = {
      {"metadata",
       {{"annotations",
         {{credentials::rotation::kRotateRequested, rfc3339(session.clock.wall())}}}}}};
  const auto reply = session.client.patch({"secrets", session.own_namespace, secret},
                                          kube::Client::PatchType::kMerge, patch.dump());
  if (reply) {
    fmt::print("credential {}: asked for a new key; `icr-pull-secrets status` shows its roll-out\n",
               options.credential);
    return kOk;
  }
  if (reply.error().kind == kube::ApiError::Kind::kNotFound) {
    complain("Secret " + session.own_namespace + "/" + secret +
             " does not exist: the operator has not made a first key yet; is it running?");
  } else {
    complain(reply.error().message);
  }
  return kFailure;
}

}  // namespace

Command rotate_command() {
  const auto options = std::make_shared<RotateOptions>();
  return {
      .name = "rotate",
      .summary = "Ask the operator to rotate a service ID's API key now",
      .synopsis = "--config FILE --credential NAME …",
      .options = with_common(*options, {{.names = "--credential",
                                         .value = "NAME",
                                         .help = "Which one (source serviceId)",
                                         .target = &options->credential,
                                         .required = true}}),
      .examples = {{"icr-pull-secrets rotate --config config.yaml --credential rotating",
                    "a new key for the credential rotating"}},
      .exit_codes = {{kOk, "asked; `status` shows the roll-out"},
                     {kFailure, "there is no first key yet, or the API server refuses"},
                     {kUsage, "the command line, the configuration or the kubeconfig is wrong"}},
      .work = [options] {
        return with_session(*options, [&](Session& session) { return ask(session, *options); });
      }};
}

}  // namespace icrps::cli
