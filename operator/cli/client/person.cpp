#include "cli/client/person.hpp"

#include <exception>

#include "cli/exit_codes.hpp"
#include "cli/setup.hpp"

namespace icrps::cli {
namespace {

config::Config roads_of(const Settings& settings) {
  config::Config config;
  config.iam.origin = settings.iam_origin;
  config.iam.ca_file = settings.ca_file;
  config.registry.ca_file = settings.ca_file;
  return config;
}

}  // namespace

int with_person(const KeyOptions& options, const std::function<int(Person&)>& work) {
  const auto settings = read_settings(options, process_environment());
  if (!settings) {
    complain(settings.error());
    return kUsage;
  }
  const auto key = find_key(options, *settings, process_places());
  if (!key) {
    complain(key.error());
    return kUsage;
  }
  const auto outside = roads_outside(roads_of(*settings), {[](auto, auto) {}});
  if (!outside) {
    complain(outside.error());
    return kUsage;
  }
  Person person{*settings, *key, *outside};
  try {
    return work(person);
  } catch (const std::exception& error) {
    complain(error.what());
    return kFailure;
  }
}

iam::Client::Result<iam::Token> log_in_at_iam(iam::Client& iam, const Key& key) {
  auto token = iam.token_by_api_key(key.value, {});
  if (!token || key.profile.empty()) return token;
  return iam.token_by_profile(token->access, key.profile, {});
}

int refused(const iam::Refusal& refusal) {
  complain(refusal.message);
  return refusal.kind == iam::Refusal::Kind::kUnknown ? kFailure : kNotGood;
}

}  // namespace icrps::cli
