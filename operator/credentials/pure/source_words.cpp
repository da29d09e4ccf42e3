#include "credentials/pure/source_words.hpp"

#include <fmt/format.h>
#include <string_view>

#include "plan/names.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::credentials {

std::string subject_of(const std::optional<std::string>& secret, const std::string& kind) {
  return secret ? "Secret " + *secret + ", the source" : "The " + kind;
}

std::string unusable(const std::string& secret, const std::string& credential,
                     const std::string& what) {
  return fmt::format("Secret {}, the source of credential \"{}\", {}.", secret, credential, what);
}

std::string not_good(const std::string& subject, const std::string& credential,
                     const std::string& why) {
  return fmt::format("{} of credential \"{}\" is not good for use: {}.", subject, credential, why);
}

std::string what_stays(const InForce& in_force) {
  if (!in_force.anything) {
    return "No namespace gets this credential until then; copies that exist are kept.";
  }
  if (!in_force.expires) return "The last good value stays in force everywhere.";
  const auto until = in_force.ends_at
                         ? fmt::format("The token in force ends at {}.", rfc3339(*in_force.ends_at))
                         : std::string("The token in force ends within hours.");
  if (!in_force.renewed) {
    return "The last good value stays in force until it expires. " + until;
  }
  return fmt::format(
      "The last good value stays in force: tokens go on being fetched with it for as long as this "
      "process runs. {} To stop that on purpose, revoke the key at IBM Cloud, or take the "
      "credential out of the configuration.",
      until);
}

plan::Problem taken_note(const std::string& secret, const std::string& key, bool from_file) {
  const std::string_view what =
      from_file
          ? "it is a file of `ibmcloud … --file`, and its field \"apikey\" was taken"
          : "white space around the credential (a line end, most likely) was removed before use";
  plan::Problem problem;
  problem.reason = std::string(from_file ? plan::kSourceKeyFile : plan::kSourceTrimmed);
  problem.message =
      fmt::format("Secret {}, key \"{}\": {}. Nothing needs to be done.", secret, key, what);
  problem.note = true;
  return problem;
}

}  // namespace icrps::credentials
