// A tenant with full rights in one namespace, who does everything that an annotation, a copy, a
// service account or a Secret allows, in an order that the seed gives, as fast as the API server
// answers.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "dice.hpp"
#include "harness/api.hpp"
#include "harness/eventually.hpp"

namespace chaos {

/// Begins at once. Thread safety: none; it has a thread of its own.
class HostileTenant {
 public:
  HostileTenant(std::string ns, std::uint64_t seed);
  ~HostileTenant();
  HostileTenant(const HostileTenant&) = delete;
  HostileTenant& operator=(const HostileTenant&) = delete;

  /// He does nothing any more.
  void end();
  /// Once he has ended: takes his finalizers away, so that the namespace can be deleted.
  void release();
  /// What was done, and how much of it the API server accepted: "annotate 80 of 80, …".
  [[nodiscard]] std::string summary() const;

 private:
  using json = nlohmann::json;
  struct Tally {
    long tried = 0;
    long accepted = 0;
  };

  void run(const std::stop_token& stop);
  void step();
  /// Counts it.
  itest::Answer did(const itest::Answer& answer);

  // Texts
  std::string text();
  std::string list();
  std::string globs();
  std::string repeated(const std::string& piece, std::size_t most_bytes);

  // His namespace
  void annotate();
  void annotate_often();
  void label();
  // Copies
  std::string copy();
  void spoil_data();
  void spoil_annotations();
  void relabel();
  void delete_copy();
  void make_own_copy();
  void freeze_copy();
  void hold_copy();
  void let_go();
  // Service accounts
  std::string account();
  void make_accounts();
  void delete_accounts();
  void give_pull_secrets();
  void annotate_account();
  // Other Secrets
  void make_secret();

  const std::string ns_;
  Dice dice_;
  std::map<std::string, Tally> done_;
  std::string doing_;
  int accounts_ = 0;
  int secrets_ = 0;
  std::jthread thread_;
};

}  // namespace chaos
