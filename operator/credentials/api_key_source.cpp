#include "credentials/api_key_source.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "icr/base64.hpp"
#include "icr/docker_config.hpp"
#include "plan/names.hpp"

namespace icrps::credentials {
namespace {

constexpr std::string_view kUser = "iamapikey";

}  // namespace

ApiKeySource::ApiKeySource(std::string credential, config::SecretKeyRef reference,
                           Environment environment)
    : credential_(std::move(credential)),
      reference_(std::move(reference)),
      environment_(std::move(environment)) {
  environment_.metrics.set_credential_available(credential_, false);
}

void ApiKeySource::run(std::stop_token stop) {
  environment_.watch(reference_.name, *this, stop);
}

void ApiKeySource::apply(kube::Object&& object) {
  present_ = true;
  const auto entry = std::find_if(object.data.begin(), object.data.end(),
                                  [&](const auto& data) { return data.first == reference_.key; });
  if (entry == object.data.end()) {
    refuse(object.uid, plan::kSourceInvalid,
           fmt::format("has no key \"{}\"; accepted: a Secret with the API key under that name",
                       reference_.key));
    return;
  }
  const auto bytes = icr::base64_decode(entry->second.reveal());
  if (!bytes) {
    refuse(object.uid, plan::kSourceInvalid, "holds something that is not base64");
    return;
  }
  const SecretString value(*bytes);
  auto key = icr::parse_api_key(value.reveal());
  if (!key) {
    refuse(object.uid, plan::kSourceInvalid,
           fmt::format("key \"{}\": {}", reference_.key, key.error().message));
    return;
  }
  accept(object.uid, std::move(*key));
}

void ApiKeySource::removed(kube::Object&& /*object*/) {
  present_ = false;
  missing();
}

void ApiKeySource::relist_ends(const std::string& /*resource_version*/) {
  if (!present_) missing();
  settled_ = true;
  environment_.on_settled();
}

void ApiKeySource::missing() {
  refuse({}, plan::kSourceMissing,
         fmt::format("does not exist; create it with the API key under the name \"{}\"",
                     reference_.key));
}

void ApiKeySource::refuse(const std::string& uid, std::string_view reason,
                          const std::string& what) {
  const bool had_one = environment_.credentials.material(credential_) != nullptr;
  plan::Problem problem;
  problem.reason = std::string(reason);
  problem.message = fmt::format(
      "Secret {}, the source of credential \"{}\", {}. {}", reference_.name, credential_, what,
      had_one ? "The last good value stays in force everywhere."
              : "No namespace gets this credential until then; copies that exist are kept.");
  environment_.metrics.source_refused(credential_, reason);
  if (problem == last_problem_) return;
  last_problem_ = problem;
  environment_.log.warn("source refused", {{"credential", credential_},
                                           {"secret", reference_.name},
                                           {"reason", reason},
                                           {"detail", problem.message}});
  environment_.report(reference_.name, uid, problem);
}

void ApiKeySource::accept(const std::string& uid, icr::ApiKey key) {
  last_problem_ = {};
  const icr::Login login{std::string(kUser), std::move(key.value)};
  auto material =
      std::make_shared<const plan::Material>(login, plan::revision_of(credential_, login));
  const auto before = environment_.credentials.material(credential_);
  if (before && before->revision() == material->revision()) return;
  environment_.log.info("credential ready", {{"credential", credential_},
                                             {"secret", reference_.name},
                                             {"revision", material->revision()}});
  if (key.trimmed) {
    plan::Problem problem;
    problem.reason = std::string(plan::kSourceTrimmed);
    problem.message = fmt::format(
        "Secret {}, key \"{}\": white space around the API key (a line end, most likely) was "
        "removed before use. Nothing needs to be done.",
        reference_.name, reference_.key);
    problem.note = true;
    environment_.log.info("white space around the API key removed",
                          {{"credential", credential_}, {"secret", reference_.name}});
    environment_.report(reference_.name, uid, problem);
  }
  environment_.metrics.set_credential_available(credential_, true);
  environment_.credentials.set(credential_, std::move(material));
}

}  // namespace icrps::credentials
