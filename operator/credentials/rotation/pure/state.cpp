#include "credentials/rotation/pure/state.hpp"

#include <fmt/format.h>

#include "runtime/digest.hpp"

namespace icrps::credentials::rotation {
namespace {

constexpr std::string_view kProgram = "icr-pull-secrets";
constexpr std::size_t kInstallationDigits = 12;
constexpr std::size_t kLongestName = 100;

}  // namespace

Phase phase_of(const State& state) {
  if (state.candidate) return state.candidate->id.empty() ? Phase::kCreating : Phase::kProving;
  if (!state.retiring.empty()) return Phase::kRetiring;
  return state.current ? Phase::kSteady : Phase::kEmpty;
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::kEmpty:
      return "empty";
    case Phase::kCreating:
      return "creating";
    case Phase::kProving:
      return "proving";
    case Phase::kRetiring:
      return "retiring";
    case Phase::kSteady:
      return "steady";
  }
  return "unknown";
}

std::string installation_of(const std::string& namespace_uid, const std::string& credential) {
  return digest({"rotation", namespace_uid, credential}, kInstallationDigits);
}

std::string key_name(const std::string& installation, const std::string& credential,
                     const std::string& rotation) {
  const auto taken = fmt::format("{} {}  {}", kProgram, installation, rotation).size();
  // The credential is there for people: the installation stands for it already.
  return fmt::format("{} {} {} {}", kProgram, installation,
                     credential.substr(0, kLongestName - taken), rotation);
}

bool is_ours(std::string_view name, const std::string& installation) {
  return name.starts_with(fmt::format("{} {} ", kProgram, installation));
}

std::string state_secret_name(const std::string& credential) {
  return fmt::format("icr-pull-secrets-state-{}", credential);
}

}  // namespace icrps::credentials::rotation
