#include "cli/plan/in_force.hpp"

#include <fmt/format.h>

namespace icrps::cli {
namespace {

using credentials::Status;

std::shared_ptr<const plan::Material> as_recorded(const Status& recorded) {
  if (recorded.revision.empty()) return nullptr;
  return std::make_shared<const plan::Material>(recorded.revision, recorded.expires_at);
}

InForce without_source(const Status& recorded, std::chrono::system_clock::time_point now) {
  auto material = as_recorded(recorded);
  if (!material) return {nullptr, "the operator has not recorded any value yet"};
  if (recorded.expires_at && *recorded.expires_at <= now) {
    return {std::move(material),
            "the recorded token has expired; an operator that runs writes a new one everywhere"};
  }
  return {std::move(material), {}};
}

/// Whether an operator has looked at the newest value of the source, and did not hand it out.
bool turned_down(const Status& recorded) {
  return recorded.proof == "refused" || recorded.proof == "policy" || recorded.proof == "unknown";
}

}  // namespace

InForce in_force(const std::string& credential, const FoundLogin& login, const Status& recorded,
                 config::Proof proof, std::chrono::system_clock::time_point now) {
  if (!login) return without_source(recorded, now);
  if (!*login) {
    auto material = as_recorded(recorded);
    const auto* const meanwhile =
        material ? "the recorded value counts as in force" : "nothing is handed out";
    return {std::move(material), fmt::format("{}; {}", login->error(), meanwhile)};
  }
  auto revision = plan::revision_of(credential, **login);
  const bool known = revision == recorded.revision || revision == recorded.proved_revision;
  if (!known && proof != config::Proof::kOff && turned_down(recorded)) {
    return {as_recorded(recorded),
            fmt::format("the source holds revision {}, which is not handed out: {}", revision,
                        recorded.message.empty() ? recorded.proof : recorded.message)};
  }
  const bool proved = known || proof == config::Proof::kOff;
  auto note = proved ? std::string()
                     : fmt::format(
                           "the source holds revision {}, which was not proved yet; the "
                           "plan takes it for good",
                           revision);
  return {std::make_shared<const plan::Material>(**login, std::move(revision)), std::move(note)};
}

}  // namespace icrps::cli
