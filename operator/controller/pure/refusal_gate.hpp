// Writes that are refused wherever they are tried: a right is lost, or a policy forbids them to
// everybody. They are then tried by a few, until one succeeds. Pure: time comes in as an argument.
//
// Otherwise a roll-out to 10,000 namespaces would ask 10,000 times in vain, and each of them would
// be told. One machine for each kind of write ("create secrets"); there are five.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "controller/pure/outcome.hpp"
#include "controller/pure/token_bucket.hpp"

namespace icrps::controller {

class RefusalGate {
 public:
  using Instant = Clock::Instant;
  /// So many namespaces, one after the other and without a success in between, are everywhere.
  static constexpr std::size_t kMany = 8;
  static constexpr Rate kProbes{.at_once = 4, .every = std::chrono::milliseconds(500)};

  /// False: it is not worth asking now.
  [[nodiscard]] bool may_try(Instant now) { return !closed_ || probes_.take(kProbes, now); }

  Everywhere refused(const std::string& ns) {
    if (closed_) return Everywhere::kYes;
    refused_.insert(ns);
    if (refused_.size() < kMany) return Everywhere::kNo;
    closed_ = true;
    return Everywhere::kBegins;
  }
  Everywhere succeeded() {
    refused_.clear();
    return std::exchange(closed_, false) ? Everywhere::kEnds : Everywhere::kNo;
  }
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  std::set<std::string> refused_;  // since the last success; kMany at most
  bool closed_ = false;
  TokenBucket probes_;
};

}  // namespace icrps::controller
