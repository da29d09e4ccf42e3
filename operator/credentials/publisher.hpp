// Hands a credential out, and records what is known about it. What every kind of source ends in.
// Thread safety: none; each source has its own.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "credentials/source_context.hpp"
#include "icr/docker_config.hpp"

namespace icrps::credentials {

class Publisher {
 public:
  /// `source`: the kind, "accessToken". `context` outlives the publisher.
  Publisher(std::string credential, std::string source, SourceContext& context);

  [[nodiscard]] bool in_force() const;
  /// The revision that was last recorded as proved; empty: none was.
  [[nodiscard]] std::string proved_before() const;

  /// From now on namespaces get this. The same again is no change.
  void hand_out(const icr::Login& login, std::optional<WallTime> expires_at);
  /// `outcome`: "proved", "unproved", "refused", …; `message`: why it is not proved.
  void record(const std::string& outcome, const std::string& message = {});
  /// Why the credential in force is not good everywhere although it is proved.
  struct Doubt {
    std::string outcome;
    std::string message;
    friend bool operator==(const Doubt&, const Doubt&) = default;
  };
  /// What the record shows of a proved credential from now on; none: that it is proved.
  void doubt(const std::optional<Doubt>& doubt);
  /// Something that a person should know although the credential in force is good; empty: no more.
  void remark(const std::string& message);

 private:
  void write();

  const std::string credential_;
  const std::string source_;
  SourceContext& context_;
  std::string outcome_;  // what record() was last told
  std::string message_;
  std::optional<Doubt> doubt_;
};

}  // namespace icrps::credentials
