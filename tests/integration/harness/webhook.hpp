// An admission webhook of somebody else's (tests/doubles/webhook), which the API server asks about
// each of the operator's writes to some objects in some namespaces.
#pragma once

#include <string>
#include <vector>

#include "harness/api.hpp"
#include "harness/process.hpp"

namespace itest {

class Webhook {
 public:
  /// In force when it is made; lets everything pass. `resource`: "secrets", "configmaps" or
  /// "events"; created, updated or patched. Deletions are not asked about.
  Webhook(const std::string& resource, const std::vector<std::string>& namespaces);
  /// It is asked about nothing any more, and who waits goes on.
  ~Webhook();
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  // Each takes the place of the one before, also for requests that wait.

  void let_pass() { behave(json::object()); }
  void take(Milliseconds time) { behave({{"delay_ms", time.count()}}); }
  /// The API server gives up after 30 s and refuses.
  void hang() { behave({{"hang", true}}); }
  /// `status`: as a metav1.Status.
  void deny(const json& status) { behave({{"deny", status}}); }

  /// Since it was made.
  [[nodiscard]] long asked() { return counts()["asked"]; }
  [[nodiscard]] long waiting() { return counts()["waiting"]; }

 private:
  void enroll(const std::string& resource, const std::vector<std::string>& namespaces) const;
  void await_force(const std::string& resource, const std::string& ns);
  void behave(const json& behaviour);
  [[nodiscard]] json counts();

  const std::string name_;
  const std::string output_;
  Process process_;
  std::string address_;
  std::string control_;
  std::string authority_;  // PEM
};

}  // namespace itest
