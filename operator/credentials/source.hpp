// Where a credential comes from. One class per way of keeping it good; each keeps its credential in
// the CredentialSet up to date on a thread that the Operator gives it.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "plan/wish.hpp"

namespace icrps::credentials {

/// Something a person must know about the Secret that a source reads. `uid` is empty when the
/// Secret does not exist.
using Report = std::function<void(const std::string& secret, const std::string& uid,
                                  const plan::Problem& problem)>;

class Source {
 public:
  virtual ~Source() = default;

  /// Keeps the credential fresh until `stop`. Called once.
  virtual void run(std::stop_token stop) = 0;

  /// True once it is known whether there is a good value. Any thread.
  [[nodiscard]] virtual bool settled() const = 0;

  /// Something that the source asked for may have another answer now. Any thread, returns at once.
  virtual void poke() = 0;

  /// A namespace that may use the credential asks for these hosts. Said at each reconcile, so that
  /// it must cost nothing when they are not new. Any thread, returns at once.
  virtual void asked_for(const icr::Hosts& /*hosts*/) {}
};

}  // namespace icrps::credentials
