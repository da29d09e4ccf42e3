// The key `leaderElection`. Private to operator/config.
#pragma once

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

[[nodiscard]] LeaderElection read_leader_election(const Located& at);

}  // namespace icrps::config
