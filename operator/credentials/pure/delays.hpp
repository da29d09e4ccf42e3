// When a credential is fetched or proved again. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "iam/pure/refusal.hpp"
#include "runtime/backoff.hpp"

namespace icrps::credentials {

/// After a success: somewhere between 50 and 80 % of the lifetime, so that the clusters of a fleet
/// do not all ask in the same second and there is time for retries before the end. A credential
/// that does not expire is proved again after an hour, to learn that somebody revoked it.
[[nodiscard]] std::chrono::milliseconds after_success(
    const std::optional<std::chrono::seconds>& lifetime, const Random& random);

/// After the `failures`-th failure in a row, counted from 1. What may pass by itself is tried again
/// soon, a refusal seldom: hammering with a bad key gets an account locked.
[[nodiscard]] std::chrono::milliseconds after_failure(const iam::Refusal& refusal,
                                                      unsigned failures, const Random& random);

/// With less than this left of a token, waiting for hosts that are silent ends more than it saves:
/// ten minutes, or a sixth of a short life.
[[nodiscard]] std::chrono::milliseconds end_of_life(std::chrono::milliseconds life);

/// A token this close to its end is given to nobody new: a pull would begin with it and fail. A
/// minute, or a tenth of what is left of a short one.
[[nodiscard]] std::chrono::milliseconds unusable_before_expiry(std::chrono::milliseconds left);

}  // namespace icrps::credentials
