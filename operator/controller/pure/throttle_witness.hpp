// A 429 that does not tell whose it is: the API server's own, when other namespaces get it too.
// Pure: time comes in as an argument.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "runtime/clock.hpp"

namespace icrps::controller {

class ThrottleWitness {
 public:
  static constexpr std::size_t kWitnesses = 3;
  static constexpr std::chrono::seconds kWithin{2};

  /// The namespace was told so. True: so were enough others.
  bool told(const std::string& ns, Clock::Instant now) {
    std::erase_if(seen_, [&](const auto& one) { return one.second + kWithin <= now; });
    if (seen_.size() < kWitnesses || seen_.contains(ns)) seen_[ns] = now;
    return seen_.size() >= kWitnesses;
  }

 private:
  std::map<std::string, Clock::Instant> seen_;  // kWitnesses at most
};

}  // namespace icrps::controller
