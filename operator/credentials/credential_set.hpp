// The credentials of the configuration and what each has to hand out right now.
// Thread safety: all methods may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plan/content.hpp"
#include "runtime/clock.hpp"

namespace icrps::credentials {

class CredentialSet {
 public:
  /// Called when a credential has another value than before, without a lock held.
  using OnChange = std::function<void(const std::string& name)>;

  /// `clock` outlives the set; null: nothing expires.
  explicit CredentialSet(std::vector<std::string> names, const Clock* clock = nullptr);

  void listen(OnChange on_change) { on_change_ = std::move(on_change); }

  /// In the order of the configuration.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  /// Null: there was no good value yet, or it is about to expire and must be given to nobody new.
  [[nodiscard]] std::shared_ptr<const plan::Material> material(const std::string& name) const;

  /// A good new value. The same revision again is no change.
  void set(const std::string& name, std::shared_ptr<const plan::Material> material);

 private:
  struct Held {
    std::shared_ptr<const plan::Material> material;
    /// By the clock that nobody sets: a wall clock set forward makes no good token unusable.
    std::optional<Clock::Instant> usable_until;
  };

  const std::vector<std::string> names_;
  const Clock* const clock_;
  OnChange on_change_;
  mutable std::mutex mutex_;
  std::map<std::string, Held> held_;  // guarded by mutex_
};

}  // namespace icrps::credentials
