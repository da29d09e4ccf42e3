// Somebody else who writes a service account's imagePullSecrets, as any other controller would.
#pragma once

#include <set>
#include <string>

namespace itest {

/// Adds and removes entries of its own: "<name>-always" and, changing from round to round,
/// "<name>-0", "<name>-1", … Runs on a thread of its own, so that what it finds wrong is kept for
/// the test to assert.
class AccountWriter {
 public:
  explicit AccountWriter(std::string ns, std::string name = "other")
      : ns_(std::move(ns)), prefix_(std::move(name) + "-") {}

  /// Each round must find the entries as the last one left them.
  void run(int rounds);

  [[nodiscard]] const std::string& wrong() const { return wrong_; }
  [[nodiscard]] int conflicts() const { return conflicts_; }
  /// The entries that it has on the account.
  [[nodiscard]] const std::set<std::string>& entries() const { return mine_; }

 private:
  /// False: somebody else was faster, read again.
  bool replace(const std::set<std::string>& next);

  const std::string ns_;
  const std::string prefix_;
  std::set<std::string> mine_;
  std::string wrong_;
  int conflicts_ = 0;
};

}  // namespace itest
