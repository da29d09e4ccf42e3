#include "config/iam.hpp"

#include <fmt/format.h>

#include "config/client.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

/// The messages don't repeat the address: it may hold a user name and a password.
std::string origin_of(const Located& at) {
  const auto origin = iam_origin(text_of(at, kIamAccepted));
  if (!origin) at.fail(origin.error(), kIamAccepted);
  return *origin;
}

/// There is one proxy for both.
void refuse_proxy(const Located& at) {
  for (const YamlKey& key : at.value.keys) {
    if (icr::lower(key.text).find("proxy") == std::string::npos) continue;
    throw Failure{key.line, fmt::format("{}.{}: there is one proxy for IAM and registries; "
                                        "accepted: proxy: {{url: http://HOST:PORT}} at the top "
                                        "level of the file",
                                        at.path, icr::quoted(key.text))};
  }
}

}  // namespace

Iam read_iam(const Located& at) {
  refuse_proxy(at);
  const Fields fields(at, {"endpoint", "caFile"});
  Iam iam;
  if (const auto endpoint = fields.find("endpoint")) iam.origin = origin_of(*endpoint);
  if (const auto file = fields.find("caFile")) iam.ca_file = path_of(*file);
  return iam;
}

Registry read_registry(const Located& at) {
  refuse_proxy(at);
  const Fields fields(at, {"caFile"});
  Registry registry;
  if (const auto file = fields.find("caFile")) registry.ca_file = path_of(*file);
  return registry;
}

Proof read_proof(const Located& at) {
  const bool boolean = kind_of(at.value) == "true or false";
  if (boolean && (icr::lower(at.value.text) == "off" || icr::lower(at.value.text) == "false")) {
    return Proof::kOff;
  }
  const std::string& word = choice_of(at, {"required", "preferred", "off"});
  if (word == "off") return Proof::kOff;
  return word == "required" ? Proof::kRequired : Proof::kPreferred;
}

}  // namespace icrps::config
