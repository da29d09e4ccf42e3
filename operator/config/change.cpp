#include "config/change.hpp"

namespace icrps::config {

Change change_between(const Config& running, const Config& next) {
  Change change;
  change.log_level = running.log_level != next.log_level;
  if (running.leader_election != next.leader_election) {
    change.next_start.emplace_back("leaderElection");
  }
  if (running.log_format != next.log_format) change.next_start.emplace_back("log.format");
  Config rest = next;
  rest.log_level = running.log_level;
  rest.log_format = running.log_format;
  rest.leader_election = running.leader_election;
  change.work = rest != running;
  return change;
}

Settling::Seen Settling::see(const std::string& now) {
  if (now == settled_) {
    moving_.reset();
    return Seen::kSame;
  }
  if (moving_ != now) {
    moving_ = now;
    return Seen::kMoving;
  }
  settled_ = now;
  moving_.reset();
  return Seen::kSettled;
}

}  // namespace icrps::config
