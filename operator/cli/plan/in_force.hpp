// Which value of a credential is in force, as far as that can be known without IAM. Pure.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "config/config.hpp"
#include "credentials/status_record.hpp"
#include "plan/content.hpp"

namespace icrps::cli {

struct InForce {
  std::shared_ptr<const plan::Material> material;  ///< null: nothing is handed out
  std::string note;  ///< what a person should know about that; or empty
};

/// What its source Secret holds, or why that can't be used. Nothing for a credential whose logins
/// are made at IAM.
using FoundLogin = std::optional<tl::expected<icr::Login, std::string>>;

/// `recorded`: what the operator's record says.
[[nodiscard]] InForce in_force(const std::string& credential, const FoundLogin& login,
                               const credentials::Status& recorded, config::Proof proof,
                               std::chrono::system_clock::time_point now);

}  // namespace icrps::cli
