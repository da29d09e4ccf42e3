// A person at work: settings, the API key, and the roads to IAM and the
// registries.
#pragma once

#include <functional>

#include "cli/client/key.hpp"
#include "cli/client/options.hpp"
#include "cli/client/settings.hpp"
#include "cli/outside.hpp"

namespace icrps::cli {

/// Lives as long as the call of `work` below.
struct Person {
  const Settings& settings;
  const Key& key;
  const Outside& outside;
};

/// Reads the settings, finds the key and calls `work`, whose exit code it
/// returns. What is wrong before that is said on stderr (kUsage). Nobody is
/// asked anything.
int with_person(const KeyOptions& options, const std::function<int(Person&)>& work);

/// An access token of the key, or of the trusted profile beside it.
[[nodiscard]] iam::Client::Result<iam::Token> log_in_at_iam(iam::Client& iam, const Key& key);

/// Says on stderr why IAM refuses the key, and returns the exit code: kNotGood,
/// or kFailure when it did not say.
int refused(const iam::Refusal& refusal);

}  // namespace icrps::cli
