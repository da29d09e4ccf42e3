// The credentials of the configuration and what each has to hand out right now.
// Thread safety: all methods may be called from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plan/content.hpp"

namespace icrps::credentials {

class CredentialSet {
 public:
  /// Called when a credential has another value than before, without a lock held.
  using OnChange = std::function<void(const std::string& name)>;

  explicit CredentialSet(std::vector<std::string> names);

  void listen(OnChange on_change) { on_change_ = std::move(on_change); }

  /// In the order of the configuration.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  /// Null: there was no good value yet.
  [[nodiscard]] std::shared_ptr<const plan::Material> material(const std::string& name) const;

  /// A good new value. The same revision again is no change.
  void set(const std::string& name, std::shared_ptr<const plan::Material> material);

 private:
  const std::vector<std::string> names_;
  OnChange on_change_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const plan::Material>> materials_;  // guarded by mutex_
};

}  // namespace icrps::credentials
